"""One cell of the table: a workflow, a stage, a hand, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.hands.audit import Audited
from tests.faults.hands.site import Site


@dataclass(frozen=True, slots=True)
class Ended:
    """How a hand was answered: healed in the end, told in between where nothing may heal it; `cancelled` by a person.

    `told` is None where nobody needs to be told.
    """

    healed: bool
    told: bool | None = None
    cancelled: bool = False
    sends: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """A stage of a workflow, and the hands that can be laid on it there."""

    workflow: str
    stage: str
    hands: tuple[str, ...]
    play: Callable[[Site, str, str], Awaitable[Ended]]


@dataclass(frozen=True, slots=True)
class Fared:
    """What came of one case."""

    name: str
    ended: Ended
    audited: Audited
    false_balance: bool = False
    trouble: str = ""
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words."""
        found, ended = self.audited, self.ended
        said = {
            self.trouble: bool(self.trouble),
            "not healed": not ended.healed,
            "nobody was told": ended.told is False,
            "balanced, and it was not": self.false_balance,
            f"{found.lost} lost": found.lost > 0,
            f"{found.duplicates} duplicates of at most {found.bound}": found.duplicates > found.bound,
            f"{found.ineligible} ineligible": found.ineligible > 0,
            f"balance {found.balance}": found.balance != 0,
        }
        return [text for text, wrong in said.items() if wrong]

    def as_line(self) -> str:
        """Return the case in one line."""
        how = "told, then started again" if self.ended.told else "healed"
        return "; ".join(self.problems) or f"{how}, {self.audited.duplicates} duplicates"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all of them."""

    fared: tuple[Fared, ...]
    duration_s: float
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every hand was healed or told, and nothing was lost, doubled or falsely balanced."""
        return not any(one.problems for one in self.fared)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        audits = [one.audited for one in self.fared]
        return {
            "hands": len(self.fared),
            "lost": sum(one.lost for one in audits),
            "duplicates": sum(one.duplicates for one in audits),
            "bound": sum(one.bound for one in audits),
            "ineligible": sum(one.ineligible for one in audits),
            "balance": sum(one.balance for one in audits),
            "unhealed": sum(not one.ended.healed for one in self.fared),
            "untold": sum(one.ended.told is False for one in self.fared),
            "false_balance": sum(one.false_balance for one in self.fared),
            "cases": {one.name: one.as_line() for one in self.fared},
            "problems": [f"{one.name}: {problem}" for one in self.fared for problem in one.problems],
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }
