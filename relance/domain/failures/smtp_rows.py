"""Short ways to write a row of the SMTP table, one per verdict."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from relance.domain.failures.model import FailureClass, Severity, Strategy, Strikes
from relance.domain.failures.table import Row

ABOUT_RECIPIENT = ("rcpt", "data")
BEFORE_MAIL = ("connect", "auth")

TWICE = Strikes(2, r"5\.2\.1|5\.5\.0", within=timedelta(days=32))
"""Twice in thirty days, with room for a month of 31 and a late cycle: else two cycles in a row would seldom count."""

THREE_CYCLES = Strikes(3, r"[45]\.2\.2|[45]52")

_C, _V, _S = FailureClass, Severity, Strategy

hard = partial(Row, class_=_C.HARD_RECIPIENT, severity=_V.LOW, strategy=_S.SUPPRESS_CONTACT, stages=ABOUT_RECIPIENT)
# A doubtful verdict: the next cycle tries again, and only a repetition counts against the contact.
doubtful = partial(
    Row,
    class_=_C.HARD_RECIPIENT,
    severity=_V.LOW,
    strategy=_S.GIVE_UP,
    stages=ABOUT_RECIPIENT,
    strikes=TWICE,
    means="2.1",
)
full = partial(
    Row,
    class_=_C.SOFT_RECIPIENT,
    severity=_V.LOW,
    strategy=_S.RETRY_LATER,
    stages=ABOUT_RECIPIENT,
    retryable=True,
    strikes=THREE_CYCLES,
    means="2.2",
)
soft = partial(Row, class_=_C.SOFT_RECIPIENT, severity=_V.LOW, strategy=_S.RETRY_LATER, retryable=True)
grey = partial(Row, class_=_C.THROTTLED, severity=_V.LOW, strategy=_S.RETRY_LATER, retryable=True)
slow = partial(Row, class_=_C.THROTTLED, severity=_V.MEDIUM, strategy=_S.SLOW_DOWN, retryable=True)
ours = partial(Row, class_=_C.SENDER_FAULT, severity=_V.HIGH, strategy=_S.GIVE_UP)
ours_for_now = partial(Row, class_=_C.SENDER_FAULT, severity=_V.HIGH, strategy=_S.RETRY_LATER, retryable=True)
certainly_ours = partial(Row, class_=_C.SENDER_FAULT, severity=_V.CRITICAL, strategy=_S.PAUSE_AND_ALERT)
content = partial(Row, class_=_C.CONTENT, severity=_V.HIGH, strategy=_S.GIVE_UP)
unsupported = partial(Row, class_=_C.UNSUPPORTED, severity=_V.LOW, strategy=_S.GIVE_UP)
transport = partial(Row, class_=_C.TRANSPORT, severity=_V.MEDIUM, strategy=_S.RETRY_LATER, retryable=True)
uncertain = partial(Row, class_=_C.UNCERTAIN, severity=_V.MEDIUM, strategy=_S.RESOLVE, retryable=True)
