"""What follows from a report: by the tables of SMTP replies, because it quotes one (SPEC X1, X2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from relance.domain.failures import Failure, FailureClass, classify_smtp, contact_status_after
from relance.domain.intake.model import RecipientReport, ReportAction


class IntakeOutcome(StrEnum):
    """What became of a message, or of one report in it; also the value of the metric's attribute.

    The first four are events. The next ones are recorded and change nothing. The last ones could not be attributed:
    the message is kept.
    """

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OPTED_OUT = "opted_out"
    STRUCK_OUT = "struck_out"
    SOFT = "soft"
    ABOUT_US = "about_us"
    UNDER_WAY = "under_way"
    AUTOMATIC = "automatic"
    OTHER_ADDRESS = "other_address"
    NO_COMPLAINT = "no_complaint"
    OTHER = "other"
    UNATTRIBUTED = "unattributed"
    WRONG_RECIPIENT = "wrong_recipient"
    UNREADABLE = "unreadable"


KEPT = frozenset(
    {IntakeOutcome.OTHER, IntakeOutcome.UNATTRIBUTED, IntakeOutcome.WRONG_RECIPIENT, IntakeOutcome.UNREADABLE}
)
"""After these the message itself is kept for a person to look at."""

_OURS = frozenset({FailureClass.SENDER_FAULT, FailureClass.CONFIGURATION, FailureClass.CONTENT, FailureClass.THROTTLED})
_REPLY = re.compile(r"(?<![\d.\-])([45]\d\d)(?=[ \-#:]|$)")
_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")


@dataclass(frozen=True, slots=True)
class ReportVerdict:
    """What one report means; `failure` is None where nothing failed."""

    outcome: IntakeOutcome
    failure: Failure | None = None


def judge_report(report: RecipientReport) -> ReportVerdict:
    """Return what a report means for its recipient.

    `delayed`, `delivered`, `relayed` and `expanded` are no bounce (RFC 3464 section 2.3.3). What failed is classified
    as the reply that the report quotes, given to the recipient; without a quoted code by its status. Only a mailbox
    that is not there bounces: what is about us never does.
    """
    if report.action is not ReportAction.FAILED:
        return ReportVerdict(IntakeOutcome.UNDER_WAY)
    failure = classify_smtp(*_as_reply(report), "rcpt")
    if contact_status_after(failure) is not None:
        return ReportVerdict(IntakeOutcome.BOUNCED, failure)
    return ReportVerdict(IntakeOutcome.ABOUT_US if failure.class_ in _OURS else IntakeOutcome.SOFT, failure)


def _as_reply(report: RecipientReport) -> tuple[int, str]:
    """Return the basic code and the text of the reply a report quotes, or one that says as much."""
    text = report.diagnostic
    code = _REPLY.search(text[:200])
    own = _STATUS.search(text)
    if code is None:
        class_ = (own[0] if own else report.status)[:1]
        basic = {"5": 550, "4": 450}.get(class_, 550)
    else:
        basic = int(code[1])
        text = text[code.end() :] if code.start() < 40 else text
    return basic, text if own else f"{report.status} {text}".strip()
