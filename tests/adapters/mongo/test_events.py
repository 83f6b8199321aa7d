from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import permutations, product
from typing import Any

import pytest

from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.entry_changes import EntryChange
from relance.domain.invitations.events import INVITATION_AFTER_SENT, INVITATION_BEFORE_SENT, EventKind
from relance.domain.invitations.invitation import ALLOWED, Invitation, InvitationStatus, MailKind
from relance.ports import Deferred
from tests.support.mongo_people import AT, FULL_MAILBOX, PERIOD, SENT, People, settle

_S = InvitationStatus
LATER = AT + timedelta(hours=1)


def _event(request_id: str, kind: EventKind, at: datetime = LATER) -> InvitationEvent:
    return InvitationEvent(invitation_id=request_id, kind=kind, at=at)


@pytest.mark.parametrize("kind", list(EventKind))
async def test_an_event_before_the_mail_follows_its_table(people: People, kind: EventKind) -> None:
    [request] = await people.invite()
    target = INVITATION_BEFORE_SENT.get(kind)
    assert await people.db.ledger.apply_event(_event(request.invitation_id, kind)) is (target is not None)
    stored = await people.stored(request)
    assert stored.status is (target or _S.QUEUED)
    assert stored.reason == (kind.value if target is _S.SKIPPED else None)


@pytest.mark.parametrize("kind", list(EventKind))
async def test_an_event_while_a_retry_is_awaited_follows_the_same_table(people: People, kind: EventKind) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, Deferred(FULL_MAILBOX, LATER, AT)), None)
    await people.db.ledger.apply_event(_event(request.invitation_id, kind))
    assert (await people.stored(request)).status is INVITATION_BEFORE_SENT.get(kind, _S.SENDING)


@pytest.mark.parametrize("kind", list(EventKind))
async def test_an_event_after_the_mail_follows_its_table_and_counts_once(people: People, kind: EventKind) -> None:
    request = await people.claimed()
    await people.db.ledger.exchange(settle(request, SENT), None)
    event = _event(request.invitation_id, kind)
    assert await people.db.ledger.apply_event(event) is True
    once = await people.stored(request)
    assert await people.db.ledger.apply_event(event) is False
    assert await people.stored(request) == once
    assert once.status is INVITATION_AFTER_SENT[kind]
    assert once.ended_at == (None if kind is EventKind.OPENED else LATER)


@pytest.mark.parametrize("kind", [EventKind.OPTED_OUT, EventKind.BOUNCED, EventKind.COMPLAINED])
async def test_a_mail_under_way_is_left_alone(people: People, kind: EventKind) -> None:
    request = await people.claimed()
    assert await people.db.ledger.apply_event(_event(request.invitation_id, kind)) is False
    assert (await people.stored(request)).status is _S.SENDING


async def test_no_event_moves_a_status_backwards(people: People) -> None:
    cases = list(product(InvitationStatus, EventKind, [False, True]))
    for request, (status, kind, claimed) in zip(await people.invite(len(cases)), cases, strict=True):
        claim = {"claim": {"kind": "invitation", "token": "t1", "at": AT}} if claimed else {}
        await people.change(request, {"status": status.value, **claim})
        await people.db.ledger.apply_event(_event(request.invitation_id, kind))
        after = (await people.stored(request)).status
        assert after is status or after in ALLOWED[status], (status, kind, claimed)


async def test_events_arrive_in_any_order(people: People) -> None:
    results: list[Invitation] = []
    requests = await people.invite(6)
    kinds = [EventKind.OPENED, EventKind.SUBMITTED, EventKind.OPENED]
    for request, order in zip(requests, permutations(kinds), strict=True):
        await people.db.ledger.exchange(None, request)
        await people.db.ledger.exchange(settle(request, SENT), None)
        for kind in order:
            await people.db.ledger.apply_event(_event(request.invitation_id, kind))
        results.append(await people.stored(request))
    same: list[Any] = [(one.status, one.opened_at, one.submitted_at) for one in results]
    assert same == [(_S.SUBMITTED, LATER, LATER)] * 6


async def test_an_answer_races_with_the_result_of_its_mail_and_neither_is_lost(people: People) -> None:
    requests = await people.invite(20)
    ledger = people.db.ledger
    await asyncio.gather(*(ledger.exchange(None, request) for request in requests))
    await asyncio.gather(
        *(ledger.exchange(settle(request, SENT), None) for request in requests),
        *(ledger.apply_event(_event(request.invitation_id, EventKind.SUBMITTED)) for request in requests),
    )
    entries = (await ledger.of_users(PERIOD, ["u1"]))["u1"]
    assert {(one.status, one.sent_at, one.submitted_at) for one in entries} == {(_S.SUBMITTED, AT, LATER)}


async def test_an_event_decided_on_an_outdated_reading_is_not_written(people: People) -> None:
    request = await people.claimed()
    before = await people.stored(request)
    await people.db.ledger.exchange(settle(request, Deferred(FULL_MAILBOX, LATER, AT)), None)
    outdated = EntryChange(before, {"status": _S.SKIPPED}, None, ())
    assert await people.db.ledger.apply_changes([outdated]) == [outdated]
    assert (await people.stored(request)).status is _S.SENDING


async def test_an_answer_to_an_expired_invitation_counts(people: People) -> None:
    [request] = await people.invite(status=_S.SENT)
    assert await people.db.ledger.expire([request.invitation_id], AT) == 1
    assert await people.db.ledger.expire([request.invitation_id], AT) == 0
    assert await people.db.ledger.apply_event(_event(request.invitation_id, EventKind.SUBMITTED)) is True
    assert (await people.stored(request)).status is _S.SUBMITTED


async def test_an_event_of_an_unknown_invitation_changes_nothing(people: People) -> None:
    assert await people.db.ledger.apply_event(_event("2026-11.nobody.none", EventKind.OPENED)) is False


async def test_a_skip_is_recorded_once_per_reminder(people: People) -> None:
    [request] = await people.invite(status=_S.SENT)
    for reason in ("too_late", "other"):
        await people.db.ledger.skip(request.invitation_id, MailKind.FIRST, reason, AT)
    await people.db.ledger.skip(request.invitation_id, MailKind.SECOND, "other", AT)
    skips = (await people.stored(request)).reminder_skips
    assert [(skip.type, skip.reason) for skip in skips] == [(MailKind.FIRST, "too_late"), (MailKind.SECOND, "other")]
