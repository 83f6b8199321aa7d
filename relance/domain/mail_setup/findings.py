"""What a judge says: how a part of the mail set-up is, and what to publish or change."""

from __future__ import annotations

from relance.domain.health.check_finding import CheckFinding, FindingState


def fine(part: str, detail: str) -> CheckFinding:
    """Return a finding that needs nothing."""
    return CheckFinding(part, FindingState.FINE, detail)


def warning(part: str, detail: str, remedy: str) -> CheckFinding:
    """Return a finding to see to."""
    return CheckFinding(part, FindingState.WARNING, detail, remedy)


def wrong(part: str, detail: str, remedy: str) -> CheckFinding:
    """Return a finding that gets mails refused or lost."""
    return CheckFinding(part, FindingState.WRONG, detail, remedy)


def unknown(part: str, detail: str) -> CheckFinding:
    """Return the finding of a look-up that failed: it says nothing about the record."""
    return CheckFinding(part, FindingState.UNREACHABLE, detail, "repeat the check; if it stays, ask who runs that zone")
