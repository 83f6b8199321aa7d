"""A failure: whose fault it is, how urgent it is, and what the system does about it (SPEC X1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class FailureClass(StrEnum):
    """Whose fault it is."""

    HARD_RECIPIENT = "hard_recipient"
    SOFT_RECIPIENT = "soft_recipient"
    THROTTLED = "throttled"
    SENDER_FAULT = "sender_fault"
    CONTENT = "content"
    TRANSPORT = "transport"
    UNCERTAIN = "uncertain"
    UNSUPPORTED = "unsupported"
    CONFIGURATION = "configuration"
    STORAGE = "storage"
    DATA = "data"
    GONE = "gone"
    CONFLICT = "conflict"
    BUG = "bug"


class Severity(StrEnum):
    """How soon a person should look: `critical` is certainly our own configuration and stops every mail."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Strategy(StrEnum):
    """How the system recovers; each is done by code, and `tests/activities/test_strategies.py` drives each.

    | strategy | what is done | by |
    | --- | --- | --- |
    | `suppress_contact` | the contact is marked `bounced` | `contact_status_after` |
    | `give_up` | the mail is recorded as failed, and the error gate counts it | `retry_at`, `ErrorGate` |
    | `retry_later` | it is done again, with growing pauses | `retry_at`, Temporal |
    | `retry_at` | it is done again when the other side says so | `activities.errors` |
    | `slow_down` | the provider gets fewer mails, after a pause; the mail is tried again | `adapters.smtp.gate` |
    | `pause_and_alert` | the cycle is paused until a person resumes it; a critical alert | `is_own_fault`, `Brake` |
    | `alert` | the check ends with a "no data" alert | `workflows.common.report_check` |
    | `fall_back` | the message goes over the next channel | `activities.alerts` |
    | `resolve` | the relay's log is asked, else the mail is sent again or not by policy | `Doubts`, `Sender` |
    | `reject` | the caller gets the error | `cli`, `gateway` |
    | `carry_on` | nothing is missing | `adapters.mongo.errors`, `temporal` |
    """

    SUPPRESS_CONTACT = "suppress_contact"
    GIVE_UP = "give_up"
    RETRY_LATER = "retry_later"
    RETRY_AT = "retry_at"
    SLOW_DOWN = "slow_down"
    PAUSE_AND_ALERT = "pause_and_alert"
    ALERT = "alert"
    FALL_BACK = "fall_back"
    RESOLVE = "resolve"
    REJECT = "reject"
    CARRY_ON = "carry_on"


class Source(StrEnum):
    """Where a failure comes from: the label of the metric, and the chapter of `docs/errors.md`."""

    SMTP = "smtp"
    EVERFLOW = "everflow"
    CHANNEL = "channel"
    MONGODB = "mongodb"
    TEMPORAL = "temporal"
    INPUT = "input"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Strikes:
    """How many failures make a contact count as bounced: `within` so long, or without it in cycles in a row.

    `codes` is the pattern of the recorded codes that count together.
    """

    count: int
    codes: str
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One classified failure.

    `code` is the code it was recognised by (of SMTP the enhanced status, or the basic code where there is none).
    `pause` is how long the other side wants to be left alone; `strikes` when repeated failures bounce a contact;
    `remedy` what a person should do.
    """

    code: str
    class_: FailureClass
    severity: Severity
    strategy: Strategy
    retryable: bool = False
    pause: timedelta | None = None
    strikes: Strikes | None = None
    remedy: str = ""
    source: Source = Source.SMTP
