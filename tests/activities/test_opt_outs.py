"""An opt-out, a complaint and a bounce are about the mailbox that got the mail, on a real database (issue 11, C1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import repositories
from relance.contracts.follow_up import DueGroup, FollowUpStep, StepInput
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.jobs.retention import Sweep
from relance.errors import MailRefused, MailUncertain, NotFound
from relance.ids import invitation_id
from relance.ports import OutgoingMail
from tests.activities.conftest import PERIOD, SEND_AT, Office
from tests.support.keys import PRIVACY, a_key, privacy

ALICE, BOB = "u1c0@c.example", "bob@elsewhere.example"
INVITATION = invitation_id(PERIOD, "u1", "u1c0")
MONTH = timedelta(days=30)
GONE = MailRefused(550, "5.1.1 no such user here", "rcpt")
DISABLED = MailRefused(550, "5.2.1 The email account that you tried to reach is disabled", "rcpt")
KINDS = [EventKind.OPTED_OUT, EventKind.COMPLAINED, EventKind.BOUNCED]


@pytest.fixture
async def invited(office: Office) -> Office:
    """One user with one contact, who has got his invitation."""
    await office.add_user("u1", contacts=1)
    await office.plan()
    await office.send()
    return office


async def _rename(office: Office, address: str = BOB) -> None:
    await office.data.raw.contacts.update_one({"_id": "u1c0"}, {"$set": {"email": address}})


async def _status(office: Office) -> str | None:
    found = await office.data.raw.contacts.find_one({"_id": "u1c0"})
    return str(found["status"]) if found is not None else None


async def _other(office: Office, mailboxes: tuple[str, ...] = (), period: str = "2026-12") -> str:
    """Store another invitation of the same contact, sent to these mailboxes."""
    other = invitation_id(period, "u1", "u1c0")
    entry = {"_id": other, "period": period, "userId": "u1", "contactId": "u1c0", "status": "sent", "queuedAt": SEND_AT}
    await office.data.raw.invitations.insert_one({**entry, "sentAt": SEND_AT, "mailboxes": list(mailboxes)})
    return other


async def _other_status(office: Office, other: str) -> str:
    return str((await office.data.raw.invitations.find_one({"_id": other}) or {})["status"])


async def _suppressed(office: Office) -> set[str]:
    return await office.data.suppressions.suppressed([ALICE, BOB])


@pytest.mark.parametrize("kind", KINDS)
async def test_alice_is_suppressed_and_bob_whom_the_record_names_now_stays_writable(
    invited: Office, kind: EventKind
) -> None:
    await _rename(invited)
    to_bob = await _other(invited, invited.data.suppressions.mailboxes(BOB))
    await invited.tell_event(INVITATION, kind)
    assert await _suppressed(invited) == {ALICE}
    assert await _status(invited) == "active"
    assert (await invited.entry("u1", "u1c0")).status in {InvitationStatus.CANCELLED, InvitationStatus.BOUNCED}
    assert await _other_status(invited, to_bob) == "sent"


@pytest.mark.parametrize("kind", KINDS)
async def test_alice_is_suppressed_also_when_her_contact_was_deleted(invited: Office, kind: EventKind) -> None:
    await invited.data.raw.contacts.delete_one({"_id": "u1c0"})
    to_alice = await _other(invited, invited.data.suppressions.mailboxes(ALICE))
    await invited.tell_event(INVITATION, kind)
    assert await _suppressed(invited) == {ALICE}
    assert await _other_status(invited, to_alice) in {"cancelled", "bounced"}


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted contact", "changed contact"])
async def test_alice_is_suppressed_also_when_the_month_has_lost_its_names(invited: Office, deleted: bool) -> None:
    if deleted:
        await invited.data.raw.contacts.delete_one({"_id": "u1c0"})
    else:
        await _rename(invited)
    archive = MongoArchive(invited.data.raw, invited.data.suppressions)
    later: datetime = SEND_AT + 3 * MONTH
    sweep = Sweep.INVITATIONS_ANONYMISED
    assert await archive.sweep(sweep, before=later, periods=[PERIOD], size=10) == 1
    [anonymous] = await invited.data.raw.invitations.find({}).to_list(None)
    assert "mailboxes" not in anonymous
    await invited.tell_event(INVITATION, EventKind.BOUNCED)
    assert await _suppressed(invited) == {ALICE}
    assert await _status(invited) == (None if deleted else "active")
    with pytest.raises(NotFound):
        await invited.tell_event(invitation_id(PERIOD, "u1", "u1c1"), EventKind.BOUNCED)
    with pytest.raises(NotFound):
        await invited.tell_event(INVITATION, EventKind.SUBMITTED)
    assert await archive.sweep(Sweep.INVITATIONS_DELETED, before=later, periods=[PERIOD], size=10) == 1
    assert await invited.data.raw.mailboxes.count_documents({}) == 0


@pytest.mark.parametrize("address", [ALICE, ALICE.upper()])
async def test_a_record_that_names_the_same_mailbox_is_closed_with_all_that_went_to_it(
    invited: Office, address: str
) -> None:
    await _rename(invited, address)
    others = [await _other(invited, invited.data.suppressions.mailboxes(ALICE)), await _other(invited, (), "2026-10")]
    to_bob = await _other(invited, invited.data.suppressions.mailboxes(BOB), "2026-09")
    await invited.tell_event(INVITATION, EventKind.OPTED_OUT)
    assert await _suppressed(invited) == {ALICE}
    assert await _status(invited) == "opted_out"
    assert [await _other_status(invited, one) for one in (*others, to_bob)] == ["cancelled", "cancelled", "sent"]


async def test_an_entry_of_an_earlier_version_is_about_the_record_as_it_is(invited: Office) -> None:
    await invited.data.raw.invitations.update_one({"_id": INVITATION}, {"$unset": {"mailboxes": ""}})
    await _rename(invited)
    await invited.tell_event(INVITATION, EventKind.OPTED_OUT)
    assert await _suppressed(invited) == {BOB}
    assert await _status(invited) == "opted_out"


async def test_what_went_out_before_a_new_key_is_remembered_after_it(invited: Office) -> None:
    old = PRIVACY.suppression_keys.texts[0]
    rotated = privacy(suppression=f"{a_key()},{old}")
    to_alice = await _other(invited, invited.data.suppressions.mailboxes(ALICE))
    after = replace(invited, data=repositories(invited.data.client, invited.data.raw, rotated))
    await after.tell_event(INVITATION, EventKind.OPTED_OUT)
    assert await _suppressed(after) == await _suppressed(invited) == {ALICE}
    assert await _status(invited) == "opted_out"
    assert await _other_status(invited, to_alice) == "cancelled"


async def test_both_may_say_no_when_it_is_not_known_who_got_the_mail(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()
    office.mailer.scripts[ALICE] = [MailUncertain("no reply")]
    await office.send()
    await _rename(office)
    office.clock.at = again = (await office.entry("u1", "u1c0")).retry_at or office.clock.at
    due = (DueGroup(step=FollowUpStep.RETRY, contacts=("u1c0",)),)
    await office.run(office.steps.run_steps, StepInput(period=PERIOD, user_id="u1", at=again, expiry_days=30, due=due))
    assert [letter.to_address for letter in office.mailer.accepted] == [BOB]
    await office.tell_event(INVITATION, EventKind.OPTED_OUT)
    assert await _suppressed(office) == {ALICE, BOB}


async def test_a_refusal_of_alices_mailbox_does_not_mark_bob_who_took_her_place_meanwhile(office: Office) -> None:
    await office.add_user("u1", contacts=1)
    await office.plan()

    async def change(_: OutgoingMail) -> None:
        await _rename(office)

    office.mailer.before = change
    office.mailer.scripts[ALICE] = [GONE]
    await office.send()
    assert (await office.entry("u1", "u1c0")).status is InvitationStatus.FAILED
    assert await _status(office) == "active"


@pytest.mark.parametrize(("address", "status"), [(ALICE, "bounced"), (BOB, "active")])
async def test_strikes_of_another_mailbox_do_not_count(office: Office, address: str, status: str) -> None:
    await office.add_user("u1", contacts=1)
    error = {"code": "5.2.1", "class": "hard_recipient", "severity": "low", "at": SEND_AT - MONTH}
    await office.data.raw.invitations.insert_one(
        {
            "_id": invitation_id("2026-10", "u1", "u1c0"),
            "period": "2026-10",
            "userId": "u1",
            "contactId": "u1c0",
            "status": InvitationStatus.FAILED.value,
            "mailboxes": list(office.data.suppressions.mailboxes(address)),
            "lastError": error,
            "queuedAt": SEND_AT - MONTH,
        }
    )
    await office.plan()
    office.mailer.scripts[ALICE] = [DISABLED]
    await office.send()
    assert await _status(office) == status
