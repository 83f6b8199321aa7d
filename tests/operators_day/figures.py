"""What a day showed: statements that were wrong, silences, tracebacks, losses, stale lines, slow commands."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

SILENT_S = 10.0
"""Longer than that nothing may be silent that a person waits for, on a machine that has nothing else to do."""
SLOW_S = 1.0
"""Of processor time: on a busy machine the clock says nothing about a command."""


def silence_limit() -> float:
    """Return the limit for this machine now: work that shares its cores takes as much longer as there is of it."""
    return SILENT_S * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@dataclass
class Figures:
    """Each finding in words; the numbers are how many there are."""

    wrong_statements: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    unasked_destruction: list[str] = field(default_factory=list)
    stale_lines: list[str] = field(default_factory=list)
    commands_over_1s: list[str] = field(default_factory=list)
    commands: int = 0
    statements: int = 0

    @property
    def holds(self) -> bool:
        """Whether nobody was misled; a slow command misleads nobody."""
        return not any([self.wrong_statements, self.hangs, self.tracebacks, self.unasked_destruction, self.stale_lines])

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines: the numbers, the names of slow commands, and each finding."""
        found = {
            "wrong_statements": self.wrong_statements,
            "hangs": self.hangs,
            "tracebacks": self.tracebacks,
            "unasked_destruction": self.unasked_destruction,
            "stale_lines": self.stale_lines,
        }
        return {
            **{name: len(some) for name, some in found.items()},
            "commands_over_1s": self.commands_over_1s,
            "commands": self.commands,
            "statements": self.statements,
            "findings": {name: some for name, some in found.items() if some},
            "holds": self.holds,
        }

    def table(self) -> list[str]:
        """Return lines for people."""
        said = self.as_dict()
        names = [name for name, value in said.items() if isinstance(value, int) and name != "holds"]
        lines = [f"{name.replace('_', ' '):24}{said[name]}" for name in names]
        lines.append(f"{'commands over 1 s':24}{', '.join(self.commands_over_1s) or 'none'} (by processor time)")
        return lines + [f"  {name}: {one}" for name, some in said["findings"].items() for one in some]
