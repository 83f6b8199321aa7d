"""A database put back to an earlier state: what went out since is looked up before it is sent again (SPEC I1, I2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from relance.contracts.follow_up import FollowUpStep
from relance.domain.invitations.invitation import InvitationStatus, MailKind, Verdict
from relance.domain.invitations.restore import Restore
from relance.ports import Knowledge
from tests.activities.conftest import PERIOD, SEND_AT, Office
from tests.activities.test_uncertain import IN_3_DAYS, prepared, step
from tests.support.fakes import FakeRelayLog

BACKED_UP = SEND_AT - timedelta(hours=1)
BACK = SEND_AT + timedelta(hours=1)
CONTACTS = 6
Copy = dict[str, list[dict[str, Any]]]


async def copied(office: Office) -> Copy:
    """Return what a backup would hold."""
    return {name: await office.data.raw[name].find().to_list(None) for name in ("plans", "invitations")}


async def put_back(office: Office, copy: Copy, log: FakeRelayLog | None, at: datetime = BACK) -> None:
    """Put the database back; the relay has what was sent since."""
    for letter in office.mailer.accepted:
        if log is not None:
            log.accept(letter, letter.date)
    for name, documents in copy.items():
        await office.data.raw[name].delete_many({})
        if documents:
            await office.data.raw[name].insert_many(documents)
    await office.data.restores.record(Restore(since=BACKED_UP, at=at))


def sent(office: Office, kind: MailKind) -> list[str]:
    return [letter.invitation_id for letter in office.mailer.accepted if letter.kind is kind]


@pytest.mark.parametrize("queued", [True, False], ids=["queued at the time of the backup", "planned only"])
async def test_invitations_sent_since_the_backup_are_recorded_and_not_sent_again(office: Office, queued: bool) -> None:
    log = FakeRelayLog()
    await prepared(office, log, CONTACTS)
    copy = await copied(office)
    assert (await office.send()).counts.sent == CONTACTS
    if queued:
        entries = await office.data.raw.invitations.find().to_list(None)
        kept = ("_id", "period", "userId", "contactId", "queuedAt")
        copy["invitations"] = [{**{field: one[field] for field in kept}, "status": "queued"} for one in entries]
    await put_back(office, copy, log)
    result = await office.send(BACK)
    entry = await office.entry("u1", "u1c0")
    assert (result.counts.sent, len(sent(office, MailKind.INVITATION))) == (CONTACTS, CONTACTS)
    assert (entry.status, entry.sent_at) == (InvitationStatus.SENT, SEND_AT)
    assert [(doubt.since, doubt.verdict) for doubt in entry.doubts] == [(BACKED_UP, Verdict.ARRIVED)]
    assert log.asked == [(log.asked[0][0], BACKED_UP)], "one look, as far back as the backup"


@pytest.mark.parametrize("log", [None, FakeRelayLog(otherwise=Knowledge.ABSENT)], ids=["no log", "absent"])
async def test_an_invitation_nobody_knows_to_have_arrived_is_sent(office: Office, log: FakeRelayLog | None) -> None:
    await prepared(office, log, CONTACTS)
    await put_back(office, await copied(office), None)
    assert (await office.send(BACK)).counts.sent == CONTACTS
    assert len(set(sent(office, MailKind.INVITATION))) == CONTACTS


async def test_what_is_due_after_the_restore_is_not_asked_about(office: Office) -> None:
    log = FakeRelayLog()
    await prepared(office, log, CONTACTS)
    await put_back(office, await copied(office), log, at=SEND_AT - timedelta(minutes=1))
    assert (await office.send()).counts.sent == CONTACTS
    assert (log.asked, (await office.entry("u1", "u1c0")).doubts) == ([], ())


@pytest.mark.parametrize("log", [FakeRelayLog(), None], ids=["with a log", "without"])
async def test_a_reminder_sent_since_the_backup_is_never_sent_again(office: Office, log: FakeRelayLog | None) -> None:
    await prepared(office, log, 1)
    await office.send()
    copy = await copied(office)
    await step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS)
    await put_back(office, copy, log, at=IN_3_DAYS + timedelta(hours=1))
    result = await step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS + timedelta(hours=2))
    entry = await office.entry("u1", "u1c0")
    assert sent(office, MailKind.FIRST) == [f"{PERIOD}.u1.u1c0"]
    assert result.sent == (("u1c0",) if log else ())
    assert [one.sent_at for one in entry.reminders] == ([IN_3_DAYS] if log else [])
    assert [one.reason for one in entry.reminder_skips] == ([] if log else ["uncertain"])


async def test_a_reminder_the_log_does_not_have_goes_out_after_all(office: Office) -> None:
    await prepared(office, FakeRelayLog(otherwise=Knowledge.ABSENT), 1)
    await office.send()
    await put_back(office, await copied(office), None, at=IN_3_DAYS + timedelta(hours=1))
    result = await step(office, FollowUpStep.FIRST, ("u1c0",), IN_3_DAYS + timedelta(hours=2))
    assert (result.sent, sent(office, MailKind.FIRST)) == (("u1c0",), [f"{PERIOD}.u1.u1c0"])


async def test_a_second_restore_puts_in_doubt_what_the_first_one_had_settled(office: Office) -> None:
    log = FakeRelayLog()
    await prepared(office, log, CONTACTS)
    copy = await copied(office)
    await office.send()
    await put_back(office, copy, log)
    await office.data.restores.record(Restore(since=BACKED_UP + timedelta(minutes=5), at=BACK))
    await office.send(BACK)
    assert [doubt.since for doubt in (await office.entry("u1", "u1c0")).doubts] == [BACKED_UP + timedelta(minutes=5)]
