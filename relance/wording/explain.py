"""Why something was sent or not, and what comes next, in sentences a support person can read out.

Ids only: no address and no name ever appears here (SPEC section 13).
"""

from __future__ import annotations

from datetime import datetime

from relance.domain.cycle.control import Control
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
)
from relance.domain.sentences import Sentence, plural
from relance.domain.zones import is_zone
from relance.wording.moments import moment, month
from relance.wording.outlook import LATER_MAILS, OPEN, Outlook, what_comes
from relance.wording.reasons import DOUBTS, FAILURES, MAILS, NOTES, reason_in_words, reminder_reason_in_words

_LEFT_OUT = "The {mail} was left out {when}, because {reason}."
_NOT_SENT = "The {mail} was not sent when it was due {when}, because {reason}."
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

_BEYOND = Sentence("The contact was skipped, because {reason}.", reason=reason_in_words(Refusal.CONTACT_LIMIT))


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
    lines += [line for kind, name in LATER_MAILS.items() for line in _past_mail(invitation, kind, name, zone)]
    lines += what_comes(Outlook(invitation, user, contact, suppressed, zone, now, timing, control, moved))
    return lines


def explain_plan(plan: Plan, now: datetime) -> list[str]:
    """Return when a user's invitations of a period go or went out, and by which rules."""
    who = Sentence("The invitations of user {user} for {month}", user=plan.user_id, month=month(plan.period))
    when = moment(plan.instant, plan.zone if is_zone(plan.zone) else "UTC")
    if plan.status is PlanStatus.SKIPPED:
        reason = reason_in_words(plan.reason)
        first = Sentence(
            "{who} were not sent, because {reason}; they were due {when}.", who=who, reason=reason, when=when
        )
    elif plan.status is PlanStatus.CANCELLED:
        first = Sentence("{who} were cancelled; they were due {when}.", who=who, when=when)
    elif plan.status is PlanStatus.DONE:
        first = Sentence("{who} were due {when} and have been dealt with.", who=who, when=when)
    elif plan.status is PlanStatus.SENDING:
        first = Sentence("{who} were due {when} and are being sent now.", who=who, when=when)
    elif plan.instant > now:
        first = Sentence("{who} go out {when}.", who=who, when=when)
    else:
        first = Sentence("{who} were due {when} and wait to be sent.", who=who, when=when)
    late = [Sentence("This is later than planned.")] if plan.late else []
    return [first, *_rules(plan), *late, *_rest(plan)]


def _not_yet_invited(
    user: User | None, contact: Contact | None, plan: Plan | None, *, suppressed: bool, is_beyond: bool, now: datetime
) -> list[str]:
    ahead = plan is None or plan.status in {PlanStatus.PLANNED, PlanStatus.SENDING}
    none = Sentence("There is no invitation for this contact in this period.")
    lines: list[str] = [Sentence("There is no invitation for this contact in this period yet.") if ahead else none]
    lines += (
        explain_plan(plan, now) if plan is not None else [Sentence("Nothing is planned for the user in this period.")]
    )
    refusal = invitation_refusal(user, contact, suppressed=suppressed)
    if plan is not None and plan.status is PlanStatus.DONE:
        reason = Refusal.CONTACT_LIMIT if is_beyond else PlanReason.CONTACT_JOINED_LATER
        lines.append(Sentence("This contact was not among them, because {reason}.", reason=reason_in_words(reason)))
    if refusal is None and is_beyond:
        refusal = Refusal.CONTACT_LIMIT
    if refusal is not None and ahead:
        said = reason_in_words(refusal)
        lines.append(Sentence("As things stand the contact would not be written to, because {reason}.", reason=said))
    return lines


def _sending(invitation: Invitation, zone: str, now: datetime) -> list[str]:
    name = Sentence("The invitation {id}", id=invitation.id)
    if invitation.sent_at is not None:
        late = Sentence(", later than planned") if invitation.late else ""
        when = moment(invitation.sent_at, zone)
        return [
            Sentence("{name} was sent {when}{late}{tries}.", name=name, when=when, late=late, tries=_tries(invitation))
        ]
    if invitation.status in OPEN:
        return [
            Sentence("{name} has not been sent yet.", name=name),
            *_trouble(invitation),
            *_retry(invitation, zone, now),
        ]
    template, given = _UNSENT[invitation.status], {"tries": _tries(invitation), **_end_of(invitation, zone)}
    return [Sentence(template, name=name, **given), *_trouble(invitation)]


def _end_of(invitation: Invitation, zone: str) -> dict[str, str]:
    """Return when and why it was ended, as far as that is recorded."""
    return {
        "ended": Sentence(" {when}", when=moment(invitation.ended_at, zone)) if invitation.ended_at else "",
        "why": Sentence(", because {reason}", reason=reason_in_words(invitation.reason)) if invitation.reason else "",
    }


def _tries(invitation: Invitation) -> str:
    return Sentence(", at try number {number}", number=invitation.attempts) if invitation.attempts > 1 else ""


def _trouble(invitation: Invitation) -> list[str]:
    error = invitation.last_error
    if error is None:
        return []
    known = error.class_ in set(FailureClass)
    words = FAILURES[FailureClass(error.class_)] if known else reason_in_words(error.class_)
    return [Sentence("The last try failed with code {code}: {words}.", code=str(error.code), words=words)]


def _retry(invitation: Invitation, zone: str, now: datetime) -> list[str]:
    if invitation.retry_at is None:
        return []
    if invitation.retry_at <= now:
        return [Sentence("The next try is due now.")]
    return [Sentence("The next try comes {when}.", when=moment(invitation.retry_at, zone))]


def _rules(plan: Plan | None) -> list[str]:
    notes = plan.notes if plan is not None else ()
    return [Sentence("The rule for the time: {rule}.", rule=NOTES[Note(note)]) for note in notes if note in set(Note)]


def _rest(plan: Plan) -> list[str]:
    if not plan.beyond:
        return []
    return [
        plural(
            "{count:,} further contact was skipped, because the user has more contacts than are looked at.",
            "{count:,} further contacts were skipped, because the user has more contacts than are looked at.",
            plan.beyond,
        )
    ]


def _doubts(invitation: Invitation, zone: str) -> list[str]:
    return [
        Sentence("{doubt}{verdict}.", doubt=_doubt(doubt, zone), verdict=DOUBTS[doubt.verdict])
        for doubt in invitation.doubts
    ]


def _doubt(doubt: Doubt, zone: str) -> str:
    mail, since = MAILS[doubt.kind], moment(doubt.since, zone)
    if doubt.restored:
        return Sentence(
            "The database was put back to its state {since}; whether {mail} had left since was not certain at first",
            since=since,
            mail=mail,
        )
    return Sentence("Whether {mail} handed over {since} had arrived was not certain at first", mail=mail, since=since)


def _answers(invitation: Invitation, zone: str) -> list[str]:
    lines: list[str] = []
    if invitation.opened_at is not None:
        lines.append(Sentence("It was opened {when}.", when=moment(invitation.opened_at, zone)))
    if invitation.submitted_at is not None:
        lines.append(Sentence("The form was submitted {when}.", when=moment(invitation.submitted_at, zone)))
    end = _end_of(invitation, zone)
    if invitation.sent_at is not None:
        if invitation.status is InvitationStatus.EXPIRED:
            lines.append(Sentence("It expired without an answer{ended}.", ended=end["ended"]))
        elif invitation.status in {InvitationStatus.BOUNCED, InvitationStatus.CANCELLED}:
            lines.append(Sentence("It was ended{ended}{why}.", **end))
    return lines


def _past_mail(invitation: Invitation, kind: MailKind, name: str, zone: str) -> list[str]:
    sent = [one for one in invitation.reminders if one.type is kind]
    skips = [one for one in invitation.reminder_skips if one.type is kind]
    return [
        *(Sentence("The {mail} was sent {when}.", mail=name, when=moment(each.sent_at, zone)) for each in sent),
        *(
            Sentence(
                _LEFT_OUT if _is_late(each) else _NOT_SENT,
                mail=name,
                when=moment(each.at, zone),
                reason=reminder_reason_in_words(each.reason),
            )
            for each in skips
        ),
    ]


def _is_late(skip: ReminderSkip) -> bool:
    # Of these the record is younger than the instant at which they were due.
    return skip.reason in {ReminderRefusal.OVERTAKEN, ReminderRefusal.TOO_LATE}
