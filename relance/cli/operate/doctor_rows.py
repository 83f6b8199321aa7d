"""The rows of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    """How a check ended; a warning does not count as wrong."""

    FINE = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One row: what was looked at, how it is, and what to do about it."""

    what: str
    state: FindingState
    detail: str
    remedy: str = ""
