"""What is wrong with a file of the templates' folder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from relance.domain.health.check_finding import FindingState


@dataclass(frozen=True, slots=True)
class TemplateFinding:
    """One fault: the file, its line (None for the file as a whole), what is wrong, and what to do about it.

    A warning does not stop a worker.
    """

    file: str
    line: int | None
    problem: str
    remedy: str
    state: FindingState = FindingState.WRONG

    @property
    def where(self) -> str:
        """The place, as a person looks for it."""
        return self.file if self.line is None else f"{self.file}, line {self.line}"

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}; {self.remedy}"


def meant(name: str, known: Collection[str]) -> str:
    """Return the remedy for a name that is unknown: the one it resembles, or all there are."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
