"""The doctor's look at how far the mail intake is behind."""

from __future__ import annotations

from datetime import datetime

from relance.doctor.ways_in import INTAKE
from relance.domain.durations import ago, span
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.intake.records import IntakeLag
from relance.domain.sentences import Sentence


def lag_findings(lag: IntakeLag, now: datetime) -> list[CheckFinding]:
    """Return what is behind: mails that had to wait, and reports that wait for a person."""
    waited = Sentence("mail of the last hour was taken {span} after it arrived, at most", span=span(lag.waited))
    look = Sentence("look into the gateway's log and the mail server's queue (`postqueue -p`)")
    found = [
        CheckFinding(INTAKE, FindingState.WARNING, waited, look)
        if lag.is_late
        else CheckFinding(INTAKE, FindingState.FINE, waited)
    ]
    if lag.unmatched:
        oldest = Sentence(
            "reports that match no mail of ours: {count}, the oldest came {ago}",
            count=lag.unmatched,
            ago=ago(lag.oldest_for(now)),
        )
        found.append(CheckFinding(INTAKE, FindingState.FINE, oldest, Sentence("`starter.py intake list` shows them")))
    return found
