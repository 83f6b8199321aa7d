"""Reads mail that comes back (SPEC G3): what a message is, and for which recipient.

Pure: nothing is written or asked.
"""

from __future__ import annotations

from relance.domain.intake.model import (
    Clues,
    DoorNames,
    MailReading,
    MessageEnvelope,
    MessageKind,
    RecipientReport,
    ReportAction,
)
from relance.domain.intake.outcomes import IntakeOutcome, ReportVerdict, judge_report
from relance.domain.intake.parsing import parse_message, stable_bytes
from relance.domain.intake.reading import read_message

__all__ = [
    "Clues",
    "DoorNames",
    "IntakeOutcome",
    "MailReading",
    "MessageEnvelope",
    "MessageKind",
    "RecipientReport",
    "ReportAction",
    "ReportVerdict",
    "judge_report",
    "parse_message",
    "read_message",
    "stable_bytes",
]
