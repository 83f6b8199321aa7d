"""What a judge says: how a part of the mail set-up is, and what to publish or change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MailGrade(StrEnum):
    """How a part is; a warning costs deliverability or foresight, what is wrong gets mails refused or lost."""

    FINE = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unreachable"


@dataclass(frozen=True, slots=True)
class MailFinding:
    """One row: the part, its grade, the reason, and the remedy with the exact record where there is one to publish."""

    part: str
    grade: MailGrade
    detail: str
    remedy: str = ""


def fine(part: str, detail: str) -> MailFinding:
    """Return a finding that needs nothing."""
    return MailFinding(part, MailGrade.FINE, detail)


def warning(part: str, detail: str, remedy: str) -> MailFinding:
    """Return a finding to see to."""
    return MailFinding(part, MailGrade.WARNING, detail, remedy)


def wrong(part: str, detail: str, remedy: str) -> MailFinding:
    """Return a finding that gets mails refused or lost."""
    return MailFinding(part, MailGrade.WRONG, detail, remedy)


def unknown(part: str, detail: str) -> MailFinding:
    """Return the finding of a look-up that failed: it says nothing about the record."""
    return MailFinding(part, MailGrade.UNKNOWN, detail, "repeat the check; if it stays, ask who runs that zone")
