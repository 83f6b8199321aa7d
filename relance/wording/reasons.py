"""Plain words for every code that is recorded, for sentences a support person can read out."""

from __future__ import annotations

from collections.abc import Mapping

from relance.domain.cycle.control import ControlState
from relance.domain.cycle.planning import PlanReason
from relance.domain.cycle.send_times import Note
from relance.domain.failures import FailureClass
from relance.domain.invitations.eligibility import OF_INVITATIONS_ONLY, Refusal
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import MailKind, Verdict
from relance.domain.invitations.reminders import ReminderRefusal
from relance.domain.sentences import Sentence

REFUSALS: Mapping[Refusal, str] = {
    Refusal.USER_MISSING: "the user's account cannot be found or read",
    Refusal.USER_INACTIVE: "the user's account is not active",
    Refusal.CONTACT_MISSING: "the contact cannot be found or read among the user's contacts",
    Refusal.CONTACT_PENDING: "the contact has not been confirmed yet",
    Refusal.CONTACT_OPTED_OUT: "the contact asked not to be written to",
    Refusal.CONTACT_BOUNCED: "earlier mail to the contact came back: the mailbox is gone, disabled or always full",
    Refusal.CONTACT_BLOCKED: "the contact is blocked",
    Refusal.SUPPRESSED: "the contact's address is on the list of addresses nobody may write to",
    Refusal.ADDRESS_INVALID: "the contact's address is not a valid mail address",
    Refusal.DUPLICATE_ADDRESS: "another contact of the same user has the same address and gets the mail",
    Refusal.CONTACT_LIMIT: "the user has more contacts than are looked at, and this one is not among the first by id",
    Refusal.MAILBOX_LIMIT: "as many other users as may have invited the same mailbox in this period already",
}

REMINDER_REFUSALS: Mapping[ReminderRefusal, str] = {
    ReminderRefusal.SUBMITTED: "the form was already submitted",
    ReminderRefusal.EXPIRED: "the invitation has expired",
    ReminderRefusal.INVITATION_BOUNCED: "the invitation came back as undeliverable",
    ReminderRefusal.INVITATION_CANCELLED: "the invitation was cancelled",
    ReminderRefusal.INVITATION_FAILED: "the invitation itself could not be delivered",
    ReminderRefusal.INVITATION_SKIPPED: "the invitation itself was not sent",
    ReminderRefusal.INVITATION_UNCERTAIN: "it is not certain that the invitation itself arrived",
    ReminderRefusal.NOT_SENT_YET: "the invitation itself has not been sent yet",
    ReminderRefusal.ALREADY_SENT: "this reminder was already sent",
    ReminderRefusal.ALREADY_DECIDED: "it was already decided not to send this reminder",
    ReminderRefusal.REMINDERS_OFF: "the user has switched reminders off",
    ReminderRefusal.THIS_REMINDER_OFF: "the user has switched this reminder off",
    ReminderRefusal.ADDRESS_CHANGED: "the contact's address is another one than that of the invitation",
    ReminderRefusal.OVERTAKEN: "the second reminder was due before it could leave",
    ReminderRefusal.TOO_LATE: "too much time had passed since it was due",
    ReminderRefusal.HOLDOUT: "chance has left the invitation without it, to measure what reminders achieve",
    **{ReminderRefusal(refusal.value): REFUSALS[refusal] for refusal in Refusal if refusal not in OF_INVITATIONS_ONLY},
}

NOTES: Mapping[Note, str] = {
    Note.DAY_CLAMPED: "a day past the month's end means its last day",
    Note.HOUR_SHIFTED: "the chosen time does not exist on that day, the clocks skip it; it moves forward by the gap",
    Note.HOUR_REPEATED: "the chosen time occurs twice on that day, the clocks go back; the first one counts",
    Note.DAY_INVALID: "the user's send day is not a day from 1 to 31, so the default day counts",
    Note.TIME_INVALID: "the user's send time is not a time of day, so the default time counts",
    Note.ZONE_UNKNOWN: "the user's time zone is not known, so the default time zone counts",
}

FAILURES: Mapping[FailureClass, str] = {
    FailureClass.HARD_RECIPIENT: "the recipient's server says that the mailbox cannot be reached for good",
    FailureClass.SOFT_RECIPIENT: "the recipient's mailbox cannot take mail for the moment",
    FailureClass.THROTTLED: "the recipient's provider asks us to wait",
    FailureClass.SENDER_FAULT: "the mail was refused because of the sender, not because of the contact",
    FailureClass.CONTENT: "the mail was refused because of its size or form",
    FailureClass.TRANSPORT: "the server could not be reached",
    FailureClass.UNCERTAIN: "the connection was lost before the mail server confirmed the mail",
    FailureClass.UNSUPPORTED: "the mail server cannot handle an address of this kind",
    FailureClass.CONFIGURATION: "a setting, a key or a right of ours is wrong",
    FailureClass.STORAGE: "there was no room left to write",
    FailureClass.DATA: "a value or an answer could not be used",
    FailureClass.GONE: "what was called for does not exist any more",
    FailureClass.CONFLICT: "it had been done before, or was changed by somebody else",
    FailureClass.BUG: "something unexpected went wrong in the program",
}

MAILS: Mapping[MailKind, str] = {
    MailKind.INVITATION: "the invitation",
    MailKind.FIRST: "the first reminder",
    MailKind.SECOND: "the second reminder",
    MailKind.CORRECTION: "the correction",
}

DOUBTS: Mapping[Verdict | None, str] = {
    None: " and still is not, because the mail server's reply was lost",
    Verdict.ARRIVED: ": the mail server's log shows that it was accepted, so it was not sent again",
    Verdict.ABSENT: ": the mail server's log shows that it was never accepted, so it could be sent again",
    Verdict.UNKNOWN: " and could not be found out, so it was free to be sent again; a second one is the same mail",
    Verdict.MISSED: ": the mail server's log shows that it was never accepted, and it was not sent again",
}
"""What became of a doubt about a mail."""

EVENTS: Mapping[EventKind, str] = {
    EventKind.OPENED: "the invitation was opened",
    EventKind.SUBMITTED: "the form was submitted",
    EventKind.OPTED_OUT: "the contact asked not to be written to",
    EventKind.BOUNCED: "the mail came back as undeliverable",
    EventKind.COMPLAINED: "the contact reported the mail as unwanted",
}

PLAN_REASONS: Mapping[PlanReason, str] = {
    PlanReason.TOO_LATE: "the send time had been missed by too long to make up for it",
    PlanReason.BEFORE_START: "the send time lies before the system was put to work",
    PlanReason.JOINED_LATER: "the user was added after the send time and starts with the next period",
    PlanReason.CONTACT_JOINED_LATER: "the contact was added after the user's invitations of the period had been sent",
}

CONTROLS: Mapping[str, str] = {
    ControlState.CANCELLED.reason: "somebody cancelled the cycle",
    ControlState.ROLLED_BACK.reason: "somebody took the whole cycle back",
}

_ALL: Mapping[str, str] = {
    str(code): words
    for table in (CONTROLS, EVENTS, FAILURES, REMINDER_REFUSALS, REFUSALS, PLAN_REASONS)
    for code, words in table.items()
}

_OF_REMINDERS: Mapping[str, str] = {code.value: words for code, words in REMINDER_REFUSALS.items()}


def reminder_reason_in_words(code: str | None) -> str:
    """Return words for the reason of a reminder; some of its codes mean something else of an invitation."""
    return _OF_REMINDERS.get(code or "") or reason_in_words(code)


def reason_in_words(code: str | None) -> str:
    """Return words for a recorded reason of any kind; an unknown one is named as it is."""
    if not code:
        return Sentence("no reason is recorded")
    return _ALL.get(code) or Sentence('the recorded reason is "{code}"', code=code)
