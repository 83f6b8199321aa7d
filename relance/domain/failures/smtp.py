"""What an SMTP reply means and what to do about it.

Rows are tried from top to bottom: what is said before any mail, statuses and words about us (SPEC X2), words that are
milder about a mailbox than its status, the enhanced status (RFC 3463), other words, the basic code.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from relance.domain.failures import smtp_mailbox as mailbox
from relance.domain.failures import smtp_us as us
from relance.domain.failures.model import Failure, Severity, Source, Strategy
from relance.domain.failures.smtp_providers import PROVIDERS
from relance.domain.failures.smtp_replies import BASIC, CONVERSATION, ENHANCED
from relance.domain.failures.smtp_rows import ABOUT_RECIPIENT
from relance.domain.failures.smtp_text import words_of
from relance.domain.failures.table import Row, Sign, deciding
from relance.domain.invitations.people import ContactStatus

TABLE: tuple[Row, ...] = (
    *us.BEFORE_ANY_MAIL,
    *us.STATUS,
    *PROVIDERS,
    *us.WORDS,
    *mailbox.MILDER,
    *ENHANCED,
    *mailbox.HARDER,
    *BASIC,
    *CONVERSATION,
)

UNREACHABLE_RELAY, NO_TRUST, NOT_OFFERED, LOST_REPLY = "connection", "tls", "not-offered", "no-reply"
_OF_CONVERSATION = {row.code: row.failure(row.code, Source.SMTP) for row in CONVERSATION}

TRANSPORT = _OF_CONVERSATION[UNREACHABLE_RELAY]
"""The connection broke before the data: the mail was certainly not sent."""

UNTRUSTED = _OF_CONVERSATION[NO_TRUST]
"""TLS failed: nothing was offered to a relay that may not be ours."""

UNABLE = _OF_CONVERSATION[NOT_OFFERED]
"""The relay lacks STARTTLS or the login that the settings ask for: nothing is said in the clear."""

UNCERTAIN = _OF_CONVERSATION[LOST_REPLY]
"""The connection broke between the data and its reply (RFC 1047): the mail may have been sent (SPEC X4)."""

LADDER = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720))
"""Waits between tries. Greylisting wants five minutes at least (RFC 6647); a monthly mail is stale after a day."""

_ENHANCED = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")


def classify_smtp(code: int, text: str, stage: str) -> Failure:
    """Return what a refusal means.

    `code` is the basic reply code, `text` the rest of the reply, `stage` one of `connect, auth, mail, rcpt, data`. A
    reply that is neither 4xx nor 5xx is no answer: the mail is uncertain if it was the answer to the data. Nothing is
    critical once the recipient was named: one recipient's server may be speaking through the relay (SPEC C10).
    """
    sign = sign_of(code, text, stage)
    row = deciding(TABLE, sign) if 400 <= code <= 599 else None
    if row is None:
        return UNCERTAIN if stage == "data" else TRANSPORT
    failure = row.failure(f"{sign.code[0]}.{row.means}" if row.means else sign.detail or sign.code, Source.SMTP)
    if stage in ABOUT_RECIPIENT and failure.strategy is Strategy.PAUSE_AND_ALERT:
        strategy = Strategy.RETRY_LATER if failure.retryable else Strategy.GIVE_UP
        return replace(failure, severity=Severity.HIGH, strategy=strategy)
    return failure


def sign_of(code: int, text: str, stage: str) -> Sign:
    """Return what the table looks at."""
    words = words_of(text)
    return Sign(str(code), _status(str(code), words), words, stage)


def _status(code: str, words: str) -> str:
    # A class that contradicts the basic code makes the enhanced code void (RFC 2034 section 4).
    found = [status[0] for status in _ENHANCED.finditer(words) if status[1] == code[:1]]
    # A relay that quotes another server may put a status of its own in front that says nothing.
    return next((status for status in found if status[2:4] != "0."), found[0] if found else "")


def retry_at(failure: Failure, attempts: int, at: datetime) -> datetime | None:
    """Return when a mail that failed at `at`, after so many tries in all, is tried again; None means given up.

    Never before the pause a provider asks for is over.
    """
    if not failure.retryable or attempts > len(LADDER):
        return None
    return at + max(LADDER[max(attempts, 1) - 1], failure.pause or timedelta(0))


def contact_status_after(failure: Failure, *, struck_out: bool = False) -> ContactStatus | None:
    """Return the contact's new status; None leaves it: only a missing mailbox bounces a contact (SPEC X2).

    `struck_out` says that the contact's history counts against it too (`strikes.is_struck_out`).
    """
    bounced = failure.strategy is Strategy.SUPPRESS_CONTACT or (failure.strikes is not None and struck_out)
    return ContactStatus.BOUNCED if bounced else None
