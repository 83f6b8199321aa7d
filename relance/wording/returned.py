"""What was reported about an invitation after the relay had taken it, for `why`: codes and times, no address."""

from __future__ import annotations

from collections.abc import Sequence

from relance.domain.failures import FailureClass
from relance.domain.intake.outcomes import IntakeOutcome
from relance.domain.intake.records import IntakeRecord
from relance.domain.sentences import Sentence
from relance.wording.moments import moment
from relance.wording.reasons import FAILURES

_AFTER = {
    IntakeOutcome.SOFT: " By itself that changes nothing.",
    IntakeOutcome.ABOUT_US: " That says nothing about the contact and changes nothing for it.",
    IntakeOutcome.STRUCK_OUT: " It was one such report too many, so the mailbox is given up.",
}


def explain_reports(reports: Sequence[IntakeRecord], zone: str) -> list[str]:
    """Return a sentence for each report, in the order of time; they are kept for about two months."""
    return [_report(report, zone) for report in sorted(reports, key=lambda report: report.at)]


def _report(report: IntakeRecord, zone: str) -> str:
    # The class of one that a newer version has recorded may be unknown.
    class_ = FailureClass(report.class_) if report.class_ in set(FailureClass) else None
    return Sentence(
        "A report that came back {when} says {code}{why}.{after}",
        when=moment(report.at, zone),
        code=report.code or Sentence("no"),
        why=Sentence(" ({meaning})", meaning=FAILURES[class_]) if class_ is not None else "",
        after=_AFTER.get(report.outcome, ""),
    )
