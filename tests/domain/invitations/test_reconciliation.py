from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import (
    Claim,
    DueAt,
    Invitation,
    InvitationStatus,
    LastError,
    MailKind,
    Reminder,
    ReminderSkip,
)
from relance.domain.invitations.people import Contact, ContactStatus, User
from relance.domain.invitations.reconciliation import (
    NEVER,
    ReconcilePolicy,
    RemainingSteps,
    Repair,
    is_alarming,
    is_open,
    is_stale,
    is_unsent,
    late_since,
    overdue,
    remaining_steps,
    repaired,
)
from relance.domain.invitations.reminders import ReminderTiming

SENT_AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
DUE = DueAt(first=SENT_AT + timedelta(days=3), second=SENT_AT + timedelta(days=7), expiry=SENT_AT + timedelta(days=30))
HOUR = timedelta(hours=1)


def entry(status: InvitationStatus = InvitationStatus.SENT, **fields: Any) -> Invitation:
    return Invitation(
        id="2026-11.u1.c1",
        period="2026-11",
        user_id="u1",
        contact_id="c1",
        status=status,
        queued_at=SENT_AT,
        **{"due_at": DUE, **fields},
    )


def reminded(kind: MailKind) -> tuple[Reminder, ...]:
    return (Reminder(type=kind, sent_at=SENT_AT, message_id="<m@form.example>"),)


def skipped(kind: MailKind) -> tuple[ReminderSkip, ...]:
    return (ReminderSkip(type=kind, reason="reminders_off", at=SENT_AT),)


def failed(at: datetime) -> LastError:
    return LastError.model_validate({"code": "4.2.2", "class": "soft_recipient", "severity": "low", "at": at})


@pytest.mark.parametrize(
    ("found", "at", "ahead"),
    [
        (entry(), SENT_AT, RemainingSteps(DUE.first, DUE.second, DUE.expiry)),
        (entry(InvitationStatus.OPENED), SENT_AT, RemainingSteps(DUE.first, DUE.second, DUE.expiry)),
        (entry(), DUE.first + HOUR, RemainingSteps(DUE.first, DUE.second, DUE.expiry)),
        (entry(reminders=reminded(MailKind.FIRST)), DUE.first, RemainingSteps(None, DUE.second, DUE.expiry)),
        (entry(reminder_skips=skipped(MailKind.FIRST)), DUE.first, RemainingSteps(None, DUE.second, DUE.expiry)),
        (entry(), DUE.second, RemainingSteps(DUE.first, DUE.second, DUE.expiry)),
        (entry(reminders=reminded(MailKind.SECOND)), DUE.second, RemainingSteps(DUE.first, None, DUE.expiry)),
        (entry(), DUE.expiry, None),
        (entry(InvitationStatus.SUBMITTED), SENT_AT, None),
        (entry(InvitationStatus.QUEUED, due_at=None), SENT_AT, None),
        (entry(InvitationStatus.SENDING, due_at=None, retry_at=SENT_AT), SENT_AT, RemainingSteps(retry_at=SENT_AT)),
        (entry(InvitationStatus.SENDING, due_at=None), SENT_AT, None),
    ],
)
def test_what_is_ahead_is_what_nobody_has_decided_yet(
    found: Invitation, at: datetime, ahead: RemainingSteps | None
) -> None:
    assert remaining_steps(found, at) == ahead


@pytest.mark.parametrize(
    ("found", "late_since", "count"),
    [
        (entry(), DUE.first, 0),
        (entry(), DUE.first + HOUR, 1),
        (entry(), DUE.second + HOUR, 2),
        (entry(reminders=reminded(MailKind.FIRST)), DUE.first + HOUR, 0),
        (entry(reminder_skips=skipped(MailKind.FIRST)), DUE.second + HOUR, 1),
        (entry(last_error=failed(DUE.first - HOUR)), DUE.first + HOUR, 1),
        (entry(last_error=failed(DUE.first + HOUR / 2)), DUE.first + HOUR, 0),
        (entry(claim=Claim(kind=MailKind.FIRST, token="t", at=SENT_AT)), DUE.first + HOUR, 0),
        (entry(InvitationStatus.CANCELLED), DUE.first + HOUR, 0),
        (entry(InvitationStatus.SENDING, retry_at=SENT_AT, due_at=None), SENT_AT + HOUR, 1),
        (entry(InvitationStatus.SENDING, retry_at=SENT_AT, due_at=None), SENT_AT, 0),
    ],
)
def test_overdue_is_what_came_due_long_ago_without_a_trace(found: Invitation, late_since: datetime, count: int) -> None:
    assert overdue(found, late_since) == count


def test_what_keeps_its_distance_to_the_mail_before_it_is_overdue_only_after_that() -> None:
    first = Reminder(type=MailKind.FIRST, sent_at=DUE.second - HOUR, message_id="<m@form.example>")
    late = entry(sent_at=SENT_AT, reminders=(first,))
    assert overdue(late, DUE.second + 22 * HOUR) == 0
    assert overdue(late, DUE.second + 24 * HOUR) == 1
    assert overdue(late, DUE.second + HOUR, ReminderTiming(distance=HOUR)) == 1


@pytest.mark.parametrize(
    ("state", "told_at", "since"),
    [
        (ControlState.RUNNING, None, DUE.first - 2 * HOUR),
        (ControlState.RUNNING, DUE.first - 3 * HOUR, DUE.first - 2 * HOUR),
        (ControlState.RUNNING, DUE.first - HOUR, NEVER),
        (ControlState.CANCELLED, DUE.first - HOUR, NEVER),
        (ControlState.PAUSED, DUE.first - 3 * HOUR, NEVER),
        (ControlState.ROLLED_BACK, DUE.first - 3 * HOUR, NEVER),
    ],
)
def test_nothing_is_overdue_while_a_cycle_stands_still_and_just_after_it_goes_on(
    state: ControlState, told_at: datetime | None, since: datetime
) -> None:
    control = Control(id="2026-11", state=state, at=told_at)
    assert late_since(control, DUE.first, 2 * HOUR) == since
    assert overdue(entry(), NEVER) == 0


@pytest.mark.parametrize(
    ("status", "suppressed", "open_"),
    [
        (ContactStatus.ACTIVE, False, True),
        (ContactStatus.PENDING, False, True),
        (ContactStatus.OPTED_OUT, False, False),
        (ContactStatus.BOUNCED, False, False),
        (ContactStatus.ACTIVE, True, False),
    ],
)
def test_nothing_is_ahead_of_those_who_want_or_get_no_more_mail(
    status: ContactStatus, suppressed: bool, open_: bool
) -> None:
    user = User(id="u1", email="u1@users.example")
    contact = Contact(id="c1", user_id="u1", email="c1@people.example", status=status)
    assert is_open(entry(), user, contact, suppressed=suppressed) is open_
    assert is_open(entry(), None, None, suppressed=False)


@pytest.mark.parametrize(
    ("status", "control", "stale"),
    [
        (PlanStatus.SENDING, ControlState.RUNNING, True),
        (PlanStatus.SENDING, ControlState.PAUSED, True),
        (PlanStatus.SENDING, ControlState.CANCELLED, False),
        (PlanStatus.PLANNED, ControlState.RUNNING, True),
        (PlanStatus.DONE, ControlState.RUNNING, False),
    ],
)
def test_a_plan_is_stale_when_its_cycle_is_gone_and_nobody_gave_it_up(
    status: PlanStatus, control: ControlState, stale: bool
) -> None:
    assert is_stale(status, SENT_AT, SENT_AT + HOUR, control) is stale
    assert not is_stale(PlanStatus.PLANNED, SENT_AT, SENT_AT, control)


def test_an_entry_without_a_try_ahead_waits_for_a_cycle() -> None:
    assert is_unsent(entry(InvitationStatus.QUEUED))
    assert is_unsent(entry(InvitationStatus.SENDING))
    assert is_unsent(entry(InvitationStatus.SENDING, claim=Claim(kind=MailKind.INVITATION, token="t", at=SENT_AT)))
    assert not is_unsent(entry(InvitationStatus.SENDING, retry_at=SENT_AT))
    assert not is_unsent(entry())


def test_people_hear_of_much_that_was_mended_and_of_all_that_cannot_be() -> None:
    policy = ReconcilePolicy(alert_above=3)
    assert not is_alarming({Repair.FOLLOW_UPS_RESTARTED: 2, Repair.REMINDERS_WOKEN: 1}, policy)
    assert is_alarming({Repair.FOLLOW_UPS_RESTARTED: 2, Repair.REMINDERS_WOKEN: 2}, policy)
    assert is_alarming({Repair.PLANS_STUCK: 1}, policy)
    assert repaired({Repair.PLANS_STUCK: 5, Repair.PLANS_FINISHED: 1, "users_watched": 100}) == 1


def test_a_period_is_watched_until_its_last_expiry_is_past() -> None:
    policy = ReconcilePolicy()
    assert policy.watches("2026-11", datetime(2026, 11, 1, tzinfo=UTC))
    assert policy.watches("2026-11", datetime(2027, 1, 9, tzinfo=UTC))
    assert not policy.watches("2026-11", datetime(2027, 1, 10, tzinfo=UTC))
