"""How one check of `doctor` ended, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    """How a check ended. A warning does not count as wrong; what is unreachable says nothing about itself."""

    FINE = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One row: what was looked at, how it is, the reason, and the remedy, with the exact record where there is one."""

    what: str
    state: FindingState
    detail: str
    remedy: str = ""
