"""The pages over the real database and the real server: who sees what, what changes something, what is missing."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from temporalio.client import Client

from relance.adapters.mongo.connection import Database
from relance.console.backtests import read_day
from relance.console.pages.registry import PAGES
from relance.devstack.processes import free_port
from relance.domain.console.people import Role
from relance.domain.cycle.control import ControlState
from relance.domain.intake import IntakeOutcome, MessageKind
from relance.domain.intake.records import IntakeRecord
from relance.errors import InvalidInput
from relance.settings.console import ConsoleGroup, SignInWay
from relance.temporal.connection import connect
from tests.console.support import Visitor, visitor_of
from tests.support.event_api import invited
from tests.support.mongo_people import AT
from tests.support.patience import PATIENCE_S

NOW = datetime.now(UTC)
PERIOD = "2026-11"
DOCTOR = {
    "en": "mail templates, trust, Temporal, retention, MongoDB, keys, alerts, limits, documents, mail relay, "
    "relay log, Everflow, unsubscribe link, mail intake, queue relance-mail",
    "fr": "modèles de messages, confiance, Temporal, conservation, MongoDB, clés, alertes, limites, documents, "
    "relais de courrier, journal du relais, Everflow, lien de désinscription, réception du courrier, file relance-mail",
}
LISTED = [page for page in PAGES if "{" not in page.path]


@pytest.mark.parametrize("page", LISTED, ids=lambda page: page.name)
@pytest.mark.parametrize(("language", "word"), [("fr", "Déconnecter"), ("en", "Sign out")])
async def test_every_page_of_an_empty_installation_opens_in_both_languages(
    ann: Visitor, page: object, language: str, word: str
) -> None:
    answer = await ann.get(f"/console{page.path}", **{"Accept-Language": language})  # type: ignore[attr-defined]
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert word.lower() in answer.text.lower()
    assert 'class="empty' in answer.text or page.name in {"health", "jobs", "mails"}  # type: ignore[attr-defined]


async def test_a_language_that_is_chosen_stays(ann: Visitor) -> None:
    form = {"csrf": await ann.token("/console/now"), "language": "fr", "to": "/console/jobs"}
    answer = await ann.post("/console/language", form)
    assert answer.headers["location"] == "/console/jobs"
    assert "Se déconnecter" in (await ann.get("/console/jobs", **{"Accept-Language": "en"})).text


async def test_what_does_not_exist_is_said_with_a_way_on(ann: Visitor) -> None:
    for path in ("cycle/2031-01", "cycle/x", "invitations/x", "unread/users/x", "x"):
        answer = await ann.get(f"/console/{path}")
        assert answer.status_code == 404, path
        assert "Not here" in answer.text


@pytest.mark.parametrize("period", ["2031-01", "0000-01", "9999-12", "x"])
async def test_nothing_is_done_with_a_cycle_that_does_not_exist(ann: Visitor, period: str) -> None:
    form = {"csrf": await ann.token("/console/unread"), "reason": "ticket 4711", "confirmed": "yes"}
    for action in ("pause", "resume", "cancel", "rollback"):
        assert (await ann.post(f"/console/cycle/{period}/do/{action}", form)).status_code == 404, action
    assert (await ann.get(f"/console/cycle/{period}")).status_code == 404
    assert await ann.db.raw.cycleControls.count_documents({}) == 0


@pytest.mark.parametrize("number", ["9" * 20, "9" * 190, "²", "-1"])
async def test_no_number_of_a_chat_message_breaks_the_page(ann: Visitor, number: str) -> None:
    assert (await ann.get(f"/console/chat?before={number}")).status_code == 200
    form = {"csrf": await ann.token("/console/chat"), "text": "details", "seen": number}
    assert (await ann.post("/console/chat/do/say", form)).status_code == 303


async def test_a_viewer_sees_ids_and_no_address_or_name(db: Database, client: Client) -> None:
    user = {"_id": "u1", "status": "active", "name": "Hortense Marchand", "email": "hortense@mail.example"}
    await db.raw.users.insert_one(user)
    await db.raw.contacts.insert_one(
        {"_id": "c1", "userId": "u1", "status": "active", "name": "Ulysse Petit", "email": "ulysse@mail.example"}
    )
    async with visitor_of(db, ConsoleGroup(sign_in=SignInWay.TOKEN), client=client) as visitor:
        for role, seen in ((Role.VIEWER, False), (Role.OPERATOR, True)):
            await visitor.enter(role)
            text = "".join([(await visitor.get(f"/console/invitations?q={wanted}")).text for wanted in ("u1", "c1")])
            assert "u1" in text
            assert "c1" in text
            for private in ("Marchand", "hortense@", "Petit", "ulysse@"):
                assert (private in text) is seen, private


@pytest.mark.parametrize(
    ("outcome", "failure", "code", "words"),
    [
        (
            IntakeOutcome.SOFT,
            "soft_recipient",
            "4.2.2",
            "not delivered for now, which ends nothing (mailbox full or closed, 4.2.2)",
        ),
        (IntakeOutcome.ABOUT_US, "sender_fault", "5.7.1", "refused for a reason that is ours"),
        (IntakeOutcome.UNDER_WAY, None, None, "on its way or delivered, which changes nothing"),
    ],
)
async def test_a_mail_that_came_back_stands_in_the_story_at_its_time_and_ends_no_reminder(
    ann: Visitor, db: Database, outcome: IntakeOutcome, failure: str | None, code: str | None, words: str
) -> None:
    [invitation] = await invited(db, ["c1"])
    record = IntakeRecord(
        digest="0" * 64,
        kind=MessageKind.DELIVERY_REPORT,
        outcome=outcome,
        via="lmtp",
        at=AT + timedelta(hours=3),
        size=1_000,
        invitation_id=invitation,
        code=code,
        class_=failure,
    )
    await db.intake_messages.record(record, timedelta(days=36_500))
    page = (await ann.get(f"/console/invitations/{invitation}")).text
    steps = unescape(re.sub(r"<[^>]+>", " ", page[page.index('<ol class="story">') : page.index("</ol>")]))
    assert words in " ".join(steps.split())
    assert steps.index("was sent") < steps.index("A mail came back") < steps.index("first reminder is due")
    listed = (await ann.get(f"/console/invitations?q={invitation}")).text
    assert ("mail came back" in listed) is (failure is not None)


async def test_a_viewer_cannot_decide_and_is_told_so(db: Database, client: Client) -> None:
    await _plan(db)
    async with visitor_of(db, ConsoleGroup(sign_in=SignInWay.TOKEN), client=client) as visitor:
        await visitor.enter(Role.VIEWER)
        page = await visitor.get(f"/console/cycle/{PERIOD}")
        assert page.status_code == 200
        assert "/do/pause" not in page.text
        form = {"csrf": await visitor.token("/console/now"), "reason": "x", "confirmed": "yes"}
        for action in ("pause", "resume", "cancel", "rollback"):
            refused = await visitor.post(f"/console/cycle/{PERIOD}/do/{action}", form)
            assert refused.status_code == 403
            assert "For operators" in refused.text
        assert (await visitor.post("/console/desk/do/start", {**form, "check": "default-lp"})).status_code == 403
    assert (await db.controls.get(PERIOD)).state is ControlState.RUNNING


async def test_a_forged_decision_changes_nothing(ann: Visitor, db: Database) -> None:
    await _plan(db)
    action = f"/console/cycle/{PERIOD}/do/rollback"
    token = await ann.token("/console/now")
    forged = (
        ({"confirmed": "yes", "reason": "x"}, None),
        (
            {"confirmed": "yes", "reason": "x", "csrf": token},
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://x.example"},
        ),
    )
    for form, headers in forged:
        answer = await ann.post(action, form, headers=headers)
        assert answer.status_code == 403
        assert "nothing was done" in answer.text
    assert (await db.controls.get(PERIOD)).state is ControlState.RUNNING


async def test_a_rollback_shows_what_follows_wants_a_reason_and_is_recorded_with_who(
    ann: Visitor, db: Database
) -> None:
    await _plan(db)
    action, token = f"/console/cycle/{PERIOD}/do/rollback", await ann.token("/console/now")
    shown = await ann.post(action, {"csrf": token})
    assert shown.status_code == 200
    assert "Plans that are waiting" in shown.text
    assert (await db.controls.get(PERIOD)).state is ControlState.RUNNING
    unreasoned = await ann.post(action, {"csrf": token, "confirmed": "yes"})
    assert unreasoned.status_code == 422
    done = await ann.post(action, {"csrf": token, "confirmed": "yes", "reason": "the wrong month"})
    assert done.status_code == 303
    control = await db.controls.get(PERIOD)
    assert (control.state, control.by, control.reason) == (ControlState.ROLLED_BACK, "ann", "the wrong month")
    assert "rolled back by ann" in (await ann.get(f"/console/cycle/{PERIOD}")).text


async def test_a_document_that_was_mended_leaves_the_list(ann: Visitor, db: Database) -> None:
    await db.raw.users.insert_one({"_id": "u9", "status": "active", "reminderSettings": {"enabled": "maybe"}})
    await db.users.by_ids(["u9"])
    assert "u9" in (await ann.get("/console/unread")).text
    page, token = "/console/unread/users/u9", await ann.token("/console/now")
    assert "reminderSettings.enabled" in (await ann.get(page)).text
    still = await ann.post(f"{page}/do/retry", {"csrf": token})
    assert still.headers["location"].endswith("?done=unread.broken")
    await db.raw.users.update_one({"_id": "u9"}, {"$set": {"reminderSettings": {"enabled": True}}})
    healed = await ann.post(f"{page}/do/retry", {"csrf": token})
    assert "can be read again" in healed.text
    assert (await ann.get(page)).status_code == 404


async def test_settings_are_shown_without_their_secrets(db: Database, client: Client) -> None:
    group = ConsoleGroup(sign_in=SignInWay.TOKEN, client_secret="do not show this")
    async with visitor_of(db, group, client=client) as visitor:
        await visitor.enter(Role.VIEWER)
        text = (await visitor.get("/console/health")).text
    assert "RELANCE_CONSOLE__CLIENT_SECRET" in text
    assert "do not show this" not in text
    assert "mongodb://" not in text


async def test_everything_that_doctor_looks_at_is_on_the_page_in_the_language_of_the_reader(ann: Visitor) -> None:
    for language, rows in DOCTOR.items():
        async with asyncio.timeout(PATIENCE_S):
            # What lies outside may take longer than a page waits.
            while "no answer yet" in (text := (await ann.get("/console/health", **{"Accept-Language": language})).text):
                await asyncio.sleep(0.1)
        assert [row for row in rows.split(", ") if f'<th scope="row">{row}</th>' not in text] == []
    assert "pas de clé : les contrôles des partenaires" in text.replace("\u00a0", " ")


async def test_a_backtest_says_which_field_is_wrong(ann: Visitor) -> None:
    form = {"csrf": await ann.token("/console/now"), "check": "default-lp", "from": "2026-10-01", "to": "2026-10-02"}
    answer = await ann.post("/console/desk/do/backtest", form)
    assert answer.status_code == 422
    assert "RELANCE_EVERFLOW__API_KEY" in answer.text


def test_a_day_of_another_age_is_no_day_of_a_backtest() -> None:
    with pytest.raises(InvalidInput, match="too long ago"):
        read_day({"from": "0001-01-01"}, "from", NOW.date())


async def test_what_cannot_be_done_while_temporal_is_away_is_said(
    db: Database, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    async with visitor_of(db, ConsoleGroup(sign_in=SignInWay.TOKEN), client=await connect(lazy=True)) as visitor:
        await visitor.enter()
        form = {"csrf": await visitor.token("/console/unread"), "check": "default-lp"}
        answer = await visitor.post("/console/desk/do/start", form)
    assert answer.status_code == 503
    assert "Temporal" in answer.text


async def test_pages_say_what_is_away_and_show_the_rest(db: Database) -> None:
    client = await connect(lazy=True)
    async with visitor_of(db, ConsoleGroup(sign_in=SignInWay.TOKEN), client=client) as visitor:
        await visitor.enter()
        answer = await visitor.get("/console/now")
    assert answer.status_code == 200
    assert "Temporal does not answer" in answer.text
    assert "Nothing is open" in answer.text


async def _plan(db: Database) -> None:
    await db.raw.plans.insert_one(
        {
            "_id": f"{PERIOD}.u1",
            "period": PERIOD,
            "userId": "u1",
            "instant": NOW + timedelta(days=1),
            "local": re.sub(r"\+.*", "", (NOW + timedelta(days=1)).isoformat(timespec="seconds")),
            "zone": "UTC",
            "status": "planned",
            "updatedAt": NOW,
        }
    )
