"""Why something was sent or not, and what comes next, in sentences a support person can read out.

Ids only: no address and no name ever appears here (SPEC section 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.planning import Plan, PlanReason, PlanStatus
from relance.domain.cycle.send_times import Note
from relance.domain.failures import FailureClass
from relance.domain.invitations.eligibility import Refusal, invitation_refusal
from relance.domain.invitations.invitation import Doubt, Invitation, InvitationStatus, MailKind, ReminderSkip
from relance.domain.invitations.people import Contact, User
from relance.domain.invitations.reminders import (
    DEFAULT_TIMING,
    ReminderRefusal,
    ReminderTiming,
    is_undecided,
    next_mail_at,
    reminder_refusal,
)
from relance.domain.zones import is_zone
from relance.wording.alerts.figures import ENGLISH
from relance.wording.moments import moment, month
from relance.wording.reasons import DOUBTS, FAILURES, MAILS, NOTES, reason_in_words, reminder_reason_in_words

_LATER_MAILS = (
    (MailKind.FIRST, "first reminder"),
    (MailKind.SECOND, "second reminder"),
    (MailKind.CORRECTION, "correction"),
)
_OPEN = frozenset({InvitationStatus.QUEUED, InvitationStatus.SENDING})
_WAITS = frozenset({InvitationStatus.SENT, InvitationStatus.OPENED})

_ARRIVED = "{name} was sent; the time is not recorded."
_UNSENT = {
    InvitationStatus.SENT: _ARRIVED,
    InvitationStatus.OPENED: _ARRIVED,
    InvitationStatus.EXPIRED: _ARRIVED,
    InvitationStatus.SUBMITTED: "{name} was not sent, because the form was already submitted.",
    InvitationStatus.FAILED: "{name} could not be sent and was given up{ended}{tries}.",
    InvitationStatus.BOUNCED: "{name} came back as undeliverable{ended}{why}.",
    InvitationStatus.CANCELLED: "{name} was cancelled before it was sent{ended}{why}.",
    InvitationStatus.SKIPPED: "{name} was not sent; that was decided{ended}{why}.",
    InvitationStatus.UNCERTAIN: "{name} was handed over{ended}, but it is not certain that it arrived.",
}
"""What became of an invitation without a recorded time of acceptance."""

_FURTHER = (
    "{count} further contact was skipped, because the user has more contacts than are looked at.",
    "{count} further contacts were skipped, because the user has more contacts than are looked at.",
)
_BEYOND = f"The contact was skipped, because {reason_in_words(Refusal.CONTACT_LIMIT)}."


def explain_invitation(
    invitation: Invitation | None,
    *,
    user: User | None,
    contact: Contact | None,
    plan: Plan | None,
    suppressed: bool,
    now: datetime,
    timing: ReminderTiming = DEFAULT_TIMING,
    control: Control | None = None,
    moved: bool = False,
    is_beyond: bool = False,
) -> list[str]:
    """Return why a contact was invited or not, which reminders went out, and what comes next.

    Times are the local times of the plan's zone, with UTC. `control` is what the period's cycle was told last.
    `is_beyond`: the contact is not among the first of its user, which are looked at.
    """
    if invitation is None:
        if is_beyond and plan is not None and plan.beyond:
            return [_BEYOND, *explain_plan(plan, now)]
        return _not_yet_invited(user, contact, plan, suppressed=suppressed, is_beyond=is_beyond, now=now)
    zone = plan.zone if plan is not None and is_zone(plan.zone) else "UTC"
    lines = [*_sending(invitation, zone, now), *_rules(plan)]
    lines += _doubts(invitation, zone)
    lines += _answers(invitation, zone)
    lines += [line for kind, name in _LATER_MAILS for line in _past_mail(invitation, kind, name, zone)]
    lines += _ahead(_Outlook(invitation, user, contact, suppressed, zone, now, timing, control, moved))
    return lines


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What decides about the reminders that are still to come."""

    invitation: Invitation
    user: User | None
    contact: Contact | None
    suppressed: bool
    zone: str
    now: datetime
    timing: ReminderTiming
    control: Control | None
    moved: bool

    def refusal(self, kind: MailKind, at: datetime) -> ReminderRefusal | None:
        """Return why a reminder would not be sent at an instant."""
        return reminder_refusal(
            kind,
            self.invitation,
            self.user,
            self.contact,
            suppressed=self.suppressed,
            moved=self.moved,
            at=at,
            timing=self.timing,
        )

    @property
    def is_paused(self) -> bool:
        """Whether nothing is sent for now."""
        return self.control is not None and self.control.state is ControlState.PAUSED


def explain_plan(plan: Plan, now: datetime) -> list[str]:
    """Return when a user's invitations of a period go or went out, and by which rules."""
    who = f"The invitations of user {plan.user_id} for {month(plan.period)}"
    when = moment(plan.instant, plan.zone if is_zone(plan.zone) else "UTC")
    if plan.status is PlanStatus.SKIPPED:
        first = f"{who} were not sent, because {reason_in_words(plan.reason)}; they were due {when}."
    elif plan.status is PlanStatus.CANCELLED:
        first = f"{who} were cancelled; they were due {when}."
    elif plan.status is PlanStatus.DONE:
        first = f"{who} were due {when} and have been dealt with."
    elif plan.status is PlanStatus.SENDING:
        first = f"{who} were due {when} and are being sent now."
    elif plan.instant > now:
        first = f"{who} go out {when}."
    else:
        first = f"{who} were due {when} and wait to be sent."
    late = ["This is later than planned."] if plan.late else []
    return [first, *_rules(plan), *late, *_rest(plan)]


def _not_yet_invited(
    user: User | None, contact: Contact | None, plan: Plan | None, *, suppressed: bool, is_beyond: bool, now: datetime
) -> list[str]:
    ahead = plan is None or plan.status in {PlanStatus.PLANNED, PlanStatus.SENDING}
    lines = [f"There is no invitation for this contact in this period{' yet' if ahead else ''}."]
    lines += explain_plan(plan, now) if plan is not None else ["Nothing is planned for the user in this period."]
    refusal = invitation_refusal(user, contact, suppressed=suppressed)
    if plan is not None and plan.status is PlanStatus.DONE:
        reason = Refusal.CONTACT_LIMIT if is_beyond else PlanReason.CONTACT_JOINED_LATER
        lines.append(f"This contact was not among them, because {reason_in_words(reason)}.")
    if refusal is None and is_beyond:
        refusal = Refusal.CONTACT_LIMIT
    if refusal is not None and ahead:
        lines.append(f"As things stand the contact would not be written to, because {reason_in_words(refusal)}.")
    return lines


def _sending(invitation: Invitation, zone: str, now: datetime) -> list[str]:
    name = f"The invitation {invitation.id}"
    if invitation.sent_at is not None:
        late = ", later than planned" if invitation.late else ""
        return [f"{name} was sent {moment(invitation.sent_at, zone)}{late}{_tries(invitation)}."]
    if invitation.status in _OPEN:
        return [f"{name} has not been sent yet.", *_trouble(invitation), *_retry(invitation, zone, now)]
    ended = f" {moment(invitation.ended_at, zone)}" if invitation.ended_at else ""
    why = f", because {reason_in_words(invitation.reason)}" if invitation.reason else ""
    sentence = _UNSENT[invitation.status].format(name=name, ended=ended, why=why, tries=_tries(invitation))
    return [sentence, *_trouble(invitation)]


def _tries(invitation: Invitation) -> str:
    return f", at try number {invitation.attempts}" if invitation.attempts > 1 else ""


def _trouble(invitation: Invitation) -> list[str]:
    error = invitation.last_error
    if error is None:
        return []
    known = error.class_ in set(FailureClass)
    words = FAILURES[FailureClass(error.class_)] if known else reason_in_words(error.class_)
    return [f"The last try failed with code {error.code}: {words}."]


def _retry(invitation: Invitation, zone: str, now: datetime) -> list[str]:
    if invitation.retry_at is None:
        return []
    if invitation.retry_at <= now:
        return ["The next try is due now."]
    return [f"The next try comes {moment(invitation.retry_at, zone)}."]


def _rules(plan: Plan | None) -> list[str]:
    notes = plan.notes if plan is not None else ()
    return [f"The rule for the time: {NOTES[Note(note)]}." for note in notes if note in set(Note)]


def _rest(plan: Plan) -> list[str]:
    if not plan.beyond:
        return []
    return [ENGLISH.counted(_FURTHER, plan.beyond)]


def _doubts(invitation: Invitation, zone: str) -> list[str]:
    return [f"{_doubt(doubt, zone)}{DOUBTS[doubt.verdict]}." for doubt in invitation.doubts]


def _doubt(doubt: Doubt, zone: str) -> str:
    mail, since = MAILS[doubt.kind], moment(doubt.since, zone)
    if doubt.restored:
        return f"The database was put back to its state {since}; whether {mail} had left since was not certain at first"
    return f"Whether {mail} handed over {since} had arrived was not certain at first"


def _answers(invitation: Invitation, zone: str) -> list[str]:
    lines = []
    if invitation.opened_at is not None:
        lines.append(f"It was opened {moment(invitation.opened_at, zone)}.")
    if invitation.submitted_at is not None:
        lines.append(f"The form was submitted {moment(invitation.submitted_at, zone)}.")
    ended = f" {moment(invitation.ended_at, zone)}" if invitation.ended_at else ""
    if invitation.sent_at is not None:
        if invitation.status is InvitationStatus.EXPIRED:
            lines.append(f"It expired without an answer{ended}.")
        elif invitation.status in {InvitationStatus.BOUNCED, InvitationStatus.CANCELLED}:
            why = f", because {reason_in_words(invitation.reason)}" if invitation.reason else ""
            lines.append(f"It was ended{ended}{why}.")
    return lines


def _past_mail(invitation: Invitation, kind: MailKind, name: str, zone: str) -> list[str]:
    sent = [one for one in invitation.reminders if one.type is kind]
    skips = [one for one in invitation.reminder_skips if one.type is kind]
    return [
        *(f"The {name} was sent {moment(one.sent_at, zone)}." for one in sent),
        *(
            f"The {name} {_left_out(one)} {moment(one.at, zone)}, because {reminder_reason_in_words(one.reason)}."
            for one in skips
        ),
    ]


def _left_out(skip: ReminderSkip) -> str:
    # Of these the record is younger than the instant at which they were due.
    late = skip.reason in {ReminderRefusal.OVERTAKEN, ReminderRefusal.TOO_LATE}
    return "was left out" if late else "was not sent when it was due"


def _ahead(look: _Outlook) -> list[str]:
    status, due = look.invitation.status, look.invitation.due_at
    if status not in _WAITS or due is None:
        return [] if status in _OPEN | _WAITS else ["Nothing more will be sent for it."]
    lines = []
    for kind, instant in ((MailKind.FIRST, due.first), (MailKind.SECOND, due.second)):
        if not is_undecided(kind, look.invitation):
            continue
        is_due = instant <= look.now
        when = f"has been due since {_since(instant, look.zone)}" if is_due else f"is due {moment(instant, look.zone)}"
        lines.append(f"The {kind.value} reminder {when}{_what_happens(look, kind, instant)}.")
    lines.append(f"Without an answer the invitation expires {moment(due.expiry, look.zone)}.")
    return lines


def _what_happens(look: _Outlook, kind: MailKind, instant: datetime) -> str:
    not_before = next_mail_at(look.invitation, look.timing) or instant
    refusal = look.refusal(kind, max(instant, look.now))
    if refusal is not None:
        return f"; as things stand it will not be sent, because {reminder_reason_in_words(refusal.value)}"
    if look.is_paused:
        last = moment(min(instant + look.timing.max_late, _end(kind, look.invitation)), look.zone)
        return f"; the cycle is paused, so it waits, and is left out if the cycle does not go on before {_at(last)}"
    if not_before > max(instant, look.now):
        return f"; it waits until {_at(moment(not_before, look.zone))}, because the mail before it is too fresh"
    return ""


def _end(kind: MailKind, invitation: Invitation) -> datetime:
    due = invitation.due_at
    assert due is not None
    return due.second if kind is MailKind.FIRST else due.expiry


def _at(words: str) -> str:
    return words.removeprefix("on ")


def _since(instant: datetime, zone: str) -> str:
    return _at(moment(instant, zone))
