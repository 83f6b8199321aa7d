"""`wrong_opt_outs`: whoever opted out is written to, or whoever did not is not (issue 11, C1 and C2).

Two months on real servers. In the first one three people get a mail and say no, each when their record has changed:

- alice unsubscribes by the link in her mail; her record names bob by now;
- dana complains; her contact was deleted;
- erin's mailbox bounces, to the address of the envelope, after the month has lost its names; her record names fred.

Meanwhile the keys are rotated: a new first one for opt-outs and one for links. In the second month another user has
alice, dana and erin among his contacts.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from relance.adapters.clock import SystemClock
from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import connect
from relance.adapters.tokens import LinkTokens, Purpose
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.models import Accepted
from relance.domain.invitations.events import EventKind
from relance.domain.jobs.retention import Sweep
from relance.ids import invitation_id
from relance.services.events import EventIntake
from relance.settings import Settings
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY, Privacy
from relance.temporal.follow_ups import TemporalFollowUps
from tests.outside.figure import Case, Figure, Stage
from tests.support.installation import Installation
from tests.support.keys import a_key, privacy_of

FIRST, SECOND = "2026-11", "2026-12"
PEOPLE = [f"{name}@people.example" for name in ("alice", "bob", "dana", "erin", "fred", "gwen", "hugo")]
ALICE, BOB, DANA, ERIN, FRED, GWEN, HUGO = PEOPLE
INVITED = {"c-alice": ALICE, "c-dana": DANA, "c-erin": ERIN, "c-gwen": GWEN}
WRITABLE = Counter([BOB, FRED, GWEN, HUGO])
"""Who may be written to in the second month, each once."""


async def opt_outs(installation: Installation, mailbox: Mailbox) -> list[Case]:
    """Live through both months; return a case for each mailbox."""
    await installation.load([_user("u1")], [_contact("u1", name, address) for name, address in INVITED.items()])
    worker = await installation.start_worker()
    await (await installation.start_cycle(FIRST)).result()
    await worker.stop()
    before = {mail.to[0]: mail for mail in await mailbox.log()}
    if before.keys() != set(INVITED.values()):
        return [Case("the first month", f"{len(before)} of {len(INVITED)} mailboxes got a mail")]

    rotated = {name: f"{a_key()},{installation.environment[name]}" for name in (SUPPRESSION_KEY, LINK_KEY)}
    await _say_no(installation, mailbox, before, privacy_of(rotated))
    await installation.database.raw.users.insert_one(_user("u2"))
    others = {"x-alice": ALICE, "x-dana": DANA, "x-erin": ERIN, "x-hugo": HUGO}
    await installation.database.raw.contacts.insert_many([_contact("u2", *one) for one in others.items()])
    await installation.start_worker(environment=rotated)
    await (await installation.start_cycle(SECOND)).result()
    written = Counter(mail.to[0] for mail in (await mailbox.log())[len(before) :])
    return [Case(one, _wrong(written[one], WRITABLE[one])) for one in sorted({*PEOPLE, *written})]


def _wrong(mails: int, right: int) -> str:
    return "" if mails == right else f"{mails} mails in the second month, where {right} are right"


async def cases(stage: Stage) -> list[Case]:
    """Live through both months."""
    async with stage.installation() as own:
        return await opt_outs(own, stage.mailbox)


async def _say_no(installation: Installation, mailbox: Mailbox, mails: dict[str, Accepted], privacy: Privacy) -> None:
    """Let the records change and the events come in, at a process with the new keys."""
    tokens, contacts = LinkTokens(privacy.link_keys), installation.database.raw.contacts
    settings = Settings.model_validate(
        {"mongo": {"uri": installation.stack.mongo_uri, "database": installation.database.raw.name}}
    )
    data = connect(settings.mongo, privacy)
    try:
        follow_ups = TemporalFollowUps(installation.client, data.ledger)
        intake = EventIntake(data.ledger, data.contacts, data.suppressions, follow_ups, SystemClock())
        await contacts.update_one({"_id": "c-alice"}, {"$set": {"email": BOB}})
        await contacts.delete_one({"_id": "c-dana"})
        letter = await mailbox.message(mails[ALICE].n)
        link = re.search(r"/u/([^>\s]+)>", letter.header("List-Unsubscribe") or "")
        assert link is not None
        await intake.take(tokens.verify(Purpose.UNSUBSCRIBE, link[1]), EventKind.OPTED_OUT)
        await intake.take(invitation_id(FIRST, "u1", "c-dana"), EventKind.COMPLAINED)
        await contacts.update_one({"_id": "c-erin"}, {"$set": {"email": FRED}})
        archive, later = MongoArchive(data.raw, data.suppressions), datetime.now(UTC) + timedelta(days=400)
        while await archive.sweep(Sweep.INVITATIONS_ANONYMISED, before=later, periods=[FIRST], size=2):
            pass
        bounced = tokens.read_bounce_token(mails[ERIN].sender.partition("@")[0].removeprefix("bounce+")).invitation_id
        assert bounced is not None
        await intake.take(bounced, EventKind.BOUNCED)
    finally:
        await data.close()


def _user(user: str) -> dict[str, Any]:
    return {"_id": user, "name": f"Name {user}", "email": f"{user}@users.example", "status": "active"}


def _contact(user: str, contact: str, address: str) -> dict[str, Any]:
    return {"_id": contact, "userId": user, "name": contact, "email": address, "status": "active"}


FIGURE = Figure("wrong_opt_outs", "C", "mailboxes that said no and are written to, or did not and are not", cases)
