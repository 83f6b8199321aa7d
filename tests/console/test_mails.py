"""The page *Mails*: each mail as it would go, masked for viewers, and a trial for operators."""

from __future__ import annotations

import email
from email.policy import default
from pathlib import Path

import pytest

from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.devstack.mailbox.client import Mailbox
from relance.domain.console.people import Role
from relance.settings.console import ConsoleGroup, SignInWay
from relance.settings.mail import MailGroup
from tests.console.support import visitor_of
from tests.rendering.branding.folders import EXAMPLE, settings_for

TOKEN = ConsoleGroup(sign_in=SignInWay.TOKEN)
PAGE, DOCUMENT = "/console/mails", "/console/mails/show/mail"
OF_ZOE = {"template": "first", "language": "en", "contact": "c1"}
ME = "ann@form-a-friend.example"


@pytest.fixture
async def people(db: Database) -> None:
    await db.raw.users.insert_one({"_id": "u1", "name": "Margaux Lefèvre", "email": "m@us.example", "status": "active"})
    await db.raw.contacts.insert_one(
        {"_id": "c1", "userId": "u1", "name": "Zoé Quéré", "email": "zoe@them.example", "status": "active"}
    )


def _query(fields: dict[str, str]) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in fields.items())


async def test_a_mail_stands_in_frames_that_can_do_nothing(db: Database) -> None:
    async with visitor_of(db, TOKEN, mail=settings_for(EXAMPLE)) as ann:
        await ann.enter()
        page = await ann.get(PAGE)
        assert page.status_code == 200
        assert "Camille Fontaine aimerait avoir de vos nouvelles" in page.text
        assert page.text.count("<iframe sandbox src=") == 2
        assert "List-Unsubscribe" in page.text
        assert "nothing is wrong" in page.text
        document = await ann.get(f"{DOCUMENT}?template=invitation&language=fr")
        assert "data:image/png;base64," in document.text
        assert "/f/preview" in document.text
        policy = document.headers["Content-Security-Policy"]
        assert policy.startswith("sandbox;")
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        ann.forget()
        assert (await ann.get(DOCUMENT)).status_code == 401


@pytest.mark.parametrize("role", list(Role))
async def test_a_contact_is_named_to_operators_and_masked_for_viewers(db: Database, people: None, role: Role) -> None:
    async with visitor_of(db, TOKEN, mail=settings_for(EXAMPLE)) as visitor:
        await visitor.enter(role)
        page = await visitor.get(f"{PAGE}{_query(OF_ZOE)}")
        document = await visitor.get(f"{DOCUMENT}{_query(OF_ZOE)}")
        for shown in (page, document):
            assert shown.status_code == 200
            assert ("Margaux" in shown.text) == (role is Role.OPERATOR)
            assert ("Zoé" in shown.text) == (role is Role.OPERATOR)
        assert ("zoe@them.example" in page.text) == (role is Role.OPERATOR)
        assert ("Send me a trial" in page.text) == (role is Role.OPERATOR)
        assert await db.raw.invitations.count_documents({}) == 0


async def test_a_contact_that_is_not_there_is_a_sentence(db: Database) -> None:
    async with visitor_of(db, TOKEN) as ann:
        await ann.enter()
        assert "No mail goes to a contact of this id" in (await ann.get(f"{PAGE}?contact=nobody")).text
        assert (await ann.get(f"{DOCUMENT}?contact=nobody")).status_code == 404


async def test_wrong_templates_are_named_and_show_no_mail(db: Database, tmp_path: Path) -> None:
    (tmp_path / "fr.html").write_text("{% block resaon %}{% endblock %}")
    async with visitor_of(db, TOKEN, mail=settings_for(tmp_path)) as ann:
        await ann.enter()
        page = (await ann.get(PAGE)).text
        assert "no mail can be written" in page
        assert "there is no block resaon. did you mean reason?" in page
        assert "<iframe" not in page
        assert (await ann.get(DOCUMENT)).status_code == 404


async def test_an_operator_sends_a_trial_to_herself(
    db: Database, mailbox: Mailbox, mailbox_smtp: tuple[str, int]
) -> None:
    mail = MailGroup(host=mailbox_smtp[0], port=mailbox_smtp[1], rehearsal=True)
    async with visitor_of(db, TOKEN, mail=mail) as ann:
        await ann.enter()
        form = {"csrf": await ann.token(PAGE), "template": "second", "language": "en", "to": ME}
        done = await ann.post(f"{PAGE}/do/trial", form)
        assert done.status_code == 303
        assert "The relay has taken the trial" in (await ann.get(done.headers["location"])).text
        (caught,) = await mailbox.messages()
        parsed = email.message_from_bytes(await mailbox.raw(caught.n), policy=default)
        assert parsed["Subject"].startswith("[Trial] Last reminder")
        assert parsed["X-Relance-Trial"] == "yes"
        await db.suppressions.add(ME, "opted_out", SystemClock().now())
        refused = await ann.post(f"{PAGE}/do/trial", form)
        assert refused.status_code == 422
        assert "opted out" in refused.text
        assert len(await mailbox.messages()) == 1


async def test_a_viewer_sends_nothing(db: Database, mailbox: Mailbox, mailbox_smtp: tuple[str, int]) -> None:
    mail = MailGroup(host=mailbox_smtp[0], port=mailbox_smtp[1], rehearsal=True)
    async with visitor_of(db, TOKEN, mail=mail) as bob:
        await bob.enter(Role.VIEWER)
        form = {"csrf": await bob.token(PAGE), "to": ME}
        assert (await bob.post(f"{PAGE}/do/trial", form)).status_code == 403
        assert await mailbox.messages() == []
