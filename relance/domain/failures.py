"""What an SMTP reply means and what to do about it: the first table of the error taxonomy (SPEC X1, X2).

Rows are tried from top to bottom: replies about us before the recipient was named, then the enhanced status (RFC 3463),
then known phrases, then the basic code. Nothing but a known sign of a missing mailbox is held against a contact: a
refusal that cannot be read is counted as ours, because a wrong guess the other way would strike out contacts whenever
a provider blocks us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.people import ContactStatus


class FailureClass(StrEnum):
    """Whose trouble it is."""

    HARD_RECIPIENT = "hard_recipient"
    SOFT_RECIPIENT = "soft_recipient"
    THROTTLED = "throttled"
    SENDER_FAULT = "sender_fault"
    CONTENT = "content"
    TRANSPORT = "transport"
    UNCERTAIN = "uncertain"
    UNSUPPORTED = "unsupported"


class Severity(StrEnum):
    """How soon a person should look: `critical` is certainly our own configuration and stops every mail."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Strategy(StrEnum):
    """How the system recovers."""

    SUPPRESS_CONTACT = "suppress_contact"
    RETRY_LATER = "retry_later"
    SLOW_DOWN = "slow_down"
    PAUSE_AND_ALERT = "pause_and_alert"
    QUARANTINE = "quarantine"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Failure:
    """One classified failure; `code` is the enhanced status, or the basic code where there is none."""

    code: str
    class_: FailureClass
    severity: Severity
    strategy: Strategy
    retryable: bool = False


TRANSPORT = Failure("connection", FailureClass.TRANSPORT, Severity.MEDIUM, Strategy.RETRY_LATER, retryable=True)
"""The connection broke before the data: the mail was certainly not sent."""

UNCERTAIN = Failure("no-reply", FailureClass.UNCERTAIN, Severity.MEDIUM, Strategy.RESOLVE, retryable=True)
"""The connection broke between the data and its reply (RFC 1047): the mail may have been sent (SPEC X4)."""

LADDER = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720))
"""Waits between tries. Greylisting wants five minutes at least (RFC 6647); a monthly mail is stale after a day."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its conditions, all of which must hold (empty: any), and the verdict.

    `basic` and `enhanced` must match the whole code, `text` any part of the reply in lower case.
    """

    class_: FailureClass
    severity: Severity
    strategy: Strategy
    basic: str = ""
    enhanced: str = ""
    text: str = ""
    stages: tuple[str, ...] = ()
    retryable: bool = False

    def fits(self, basic: str, enhanced: str, text: str, stage: str) -> bool:
        """Tell whether every condition holds."""
        return (
            (not self.stages or stage in self.stages)
            and (not self.basic or re.fullmatch(self.basic, basic) is not None)
            and (not self.enhanced or re.fullmatch(self.enhanced, enhanced) is not None)
            and (not self.text or re.search(self.text, text) is not None)
        )


_C, _V, _R = FailureClass, Severity, Strategy
_BEFORE_MAIL = ("connect", "auth")
_ABOUT_RECIPIENT = ("rcpt", "data")
_NO_MAILBOX = (
    r"user unknown|unknown user|unknown recipient|no such (user|recipient|mailbox|address)|does not exist"
    r"|mailbox (not found|unknown)|no mailbox (here|by that name)|recipient not found|invalid recipient"
)
_FULL = r"mailbox (is )?full|over ?quota|quota exceeded|exceeded (storage|quota)|insufficient storage"
_SENDER = r"sender (address|domain|verif|is|not|rejected)|relay(ing)? (access )?(denied|not)|client host"
_BLOCKED = r"spam|block ?list|black ?list|blocked|policy|reputation|dmarc|\bspf\b|dkim"
_TOO_FAST = r"too (many|fast|much)|rate limit|throttl|unusual rate|trop de connexions|\[ts(s)?\d\d\]"
_GREY = r"gr[ea]y ?-?list"

TABLE: tuple[Row, ...] = (
    # About us, before any mail was offered: kept and tried again, or a changed password would cost a whole cycle.
    Row(_C.SENDER_FAULT, _V.CRITICAL, _R.PAUSE_AND_ALERT, basic=r"5\d\d", stages=_BEFORE_MAIL, retryable=True),
    Row(_C.SENDER_FAULT, _V.CRITICAL, _R.PAUSE_AND_ALERT, basic=r"53[0458]", retryable=True),
    Row(_C.TRANSPORT, _V.MEDIUM, _R.RETRY_LATER, basic=r"4\d\d", stages=("auth",), retryable=True),
    # The refusal of our own address may look like that of a missing mailbox: "Sender address rejected: User unknown".
    Row(_C.SENDER_FAULT, _V.HIGH, _R.PAUSE_AND_ALERT, basic=r"5\d\d", text=_SENDER),
    # Enhanced status codes.
    Row(_C.HARD_RECIPIENT, _V.LOW, _R.SUPPRESS_CONTACT, enhanced=r"5\.1\.([1236]|10)", stages=_ABOUT_RECIPIENT),
    # A disabled mailbox may come back, and Gmail says 5.2.1 also of one that gets too much: the next cycle tries again.
    Row(_C.HARD_RECIPIENT, _V.LOW, _R.RETRY_LATER, enhanced=r"5\.2\.1", stages=_ABOUT_RECIPIENT),
    # Exchange Online names a mailbox that does not exist this way.
    Row(
        _C.HARD_RECIPIENT,
        _V.LOW,
        _R.SUPPRESS_CONTACT,
        enhanced=r"5\.4\.1",
        text=r"recipient address rejected",
        stages=_ABOUT_RECIPIENT,
    ),
    Row(_C.SENDER_FAULT, _V.CRITICAL, _R.PAUSE_AND_ALERT, enhanced=r"5\.1\.[78]"),
    Row(_C.SENDER_FAULT, _V.CRITICAL, _R.PAUSE_AND_ALERT, enhanced=r"4\.1\.[78]", retryable=True),
    Row(_C.SOFT_RECIPIENT, _V.LOW, _R.RETRY_LATER, enhanced=r"[45]\.2\.2", retryable=True),
    Row(_C.SOFT_RECIPIENT, _V.LOW, _R.RETRY_LATER, enhanced=r"5\.4\.\d+|[45]\.3\.1", retryable=True),
    Row(_C.CONTENT, _V.HIGH, _R.QUARANTINE, enhanced=r"5\.2\.3|5\.3\.4"),
    Row(_C.UNSUPPORTED, _V.LOW, _R.QUARANTINE, enhanced=r"5\.6\.([79]|10)"),
    Row(_C.CONTENT, _V.HIGH, _R.QUARANTINE, enhanced=r"5\.6\.\d+"),
    Row(_C.THROTTLED, _V.LOW, _R.SLOW_DOWN, enhanced=r"4\.2\.1", retryable=True),
    Row(_C.THROTTLED, _V.MEDIUM, _R.SLOW_DOWN, enhanced=r"[45]\.3\.2|4\.5\.3|4\.7\.28", retryable=True),
    # Gmail defers what fails SPF, DKIM, DMARC, PTR or TLS.
    Row(_C.SENDER_FAULT, _V.CRITICAL, _R.PAUSE_AND_ALERT, enhanced=r"4\.7\.(2[3-79]|3[0-2])", retryable=True),
    # Our authentication records or credentials: SPF, DKIM, DMARC, PTR, AUTH, STARTTLS (RFC 7372, 7505, 4954).
    Row(
        _C.SENDER_FAULT,
        _V.CRITICAL,
        _R.PAUSE_AND_ALERT,
        enhanced=r"5\.7\.([89]|10|11|12|13|2[0-9]|3[0-2]|509|515)",
    ),
    Row(_C.SENDER_FAULT, _V.HIGH, _R.PAUSE_AND_ALERT, enhanced=r"5\.7\.\d+"),
    Row(_C.THROTTLED, _V.MEDIUM, _R.SLOW_DOWN, enhanced=r"4\.7\.\d+", text=_TOO_FAST, retryable=True),
    Row(_C.THROTTLED, _V.LOW, _R.RETRY_LATER, basic=r"45\d", enhanced=r"4\.7\.1", retryable=True),
    # Known phrases.
    Row(_C.THROTTLED, _V.LOW, _R.RETRY_LATER, basic=r"4\d\d", text=_GREY, retryable=True),
    Row(_C.THROTTLED, _V.MEDIUM, _R.SLOW_DOWN, basic=r"4\d\d", text=_TOO_FAST, retryable=True),
    Row(_C.SOFT_RECIPIENT, _V.LOW, _R.RETRY_LATER, basic=r"[45]\d\d", text=_FULL, retryable=True),
    # A reply that speaks of blocking is not about the mailbox, whatever else it says.
    Row(_C.SENDER_FAULT, _V.HIGH, _R.PAUSE_AND_ALERT, basic=r"5\d\d", text=_BLOCKED),
    Row(_C.HARD_RECIPIENT, _V.LOW, _R.SUPPRESS_CONTACT, basic=r"55[0134]", text=_NO_MAILBOX, stages=_ABOUT_RECIPIENT),
    # Basic codes (RFC 5321 4.2.3). 552 to the recipient speaks of his storage, to the data of its size.
    Row(_C.THROTTLED, _V.MEDIUM, _R.SLOW_DOWN, basic=r"421", retryable=True),
    Row(_C.SOFT_RECIPIENT, _V.LOW, _R.RETRY_LATER, basic=r"4\d\d", retryable=True),
    Row(_C.SOFT_RECIPIENT, _V.LOW, _R.RETRY_LATER, basic=r"552", stages=("rcpt",), retryable=True),
    Row(_C.CONTENT, _V.HIGH, _R.QUARANTINE, basic=r"552"),
    Row(_C.UNSUPPORTED, _V.LOW, _R.QUARANTINE, basic=r"555"),
    # "550 rejected": neither a missing mailbox nor a fault of ours for certain, so it is not critical.
    Row(_C.SENDER_FAULT, _V.MEDIUM, _R.PAUSE_AND_ALERT, basic=r"5\d\d"),
)

_ENHANCED = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")


def classify_smtp(code: int, text: str, stage: str) -> Failure:
    """Return what a refusal means.

    `code` is the basic reply code, `text` the rest of the reply, `stage` one of `connect, auth, mail, rcpt, data`. A
    reply that is neither 4xx nor 5xx is no answer: the mail is uncertain if it was the answer to the data.
    """
    basic = str(code)
    enhanced = _enhanced(code, text)
    lowered = text.lower()
    for row in TABLE:
        if row.fits(basic, enhanced, lowered, stage):
            return Failure(enhanced or basic, row.class_, row.severity, row.strategy, row.retryable)
    return UNCERTAIN if stage == "data" else TRANSPORT


def retry_at(failure: Failure, attempts: int, at: datetime) -> datetime | None:
    """Return when a mail that failed at `at`, after so many tries in all, is tried again; None means given up."""
    if not failure.retryable or attempts > len(LADDER):
        return None
    return at + LADDER[max(attempts, 1) - 1]


def contact_status_after(failure: Failure) -> ContactStatus | None:
    """Return the contact's new status; None leaves it: only a missing mailbox bounces a contact (SPEC X2)."""
    return ContactStatus.BOUNCED if failure.strategy is Strategy.SUPPRESS_CONTACT else None


def _enhanced(code: int, text: str) -> str:
    found = _ENHANCED.search(text)
    # A class that contradicts the basic code makes the enhanced code void (RFC 2034 section 4).
    return found[0] if found and found[1] == str(code)[:1] else ""
