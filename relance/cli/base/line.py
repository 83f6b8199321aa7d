"""One line about work under way, made to fit a width: a bar, how much of how much, and what else there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

NARROWEST_BAR, WIDEST_BAR = 8, 30
DONE, AHEAD = "━", "─"
BETWEEN = " · "
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """What is shown: `done` of `total`, None while nobody knows it; `details` with the most important first."""

    head: str
    done: int
    total: int | None
    details: Sequence[str] = ()

    @property
    def amount(self) -> str:
        """How much of how much."""
        return f"{self.done}/{self.total if self.total is not None else UNKNOWN}"

    def plain(self) -> str:
        """Return everything, for a file."""
        return BETWEEN.join([f"{self.head} {self.amount}", *filter(None, self.details)])

    def fitted(self, width: int, elapsed: float) -> str:
        """Return at most `width` columns: the details that fit, in their order, and a bar in what is left."""
        clock = f"{int(elapsed // 60)}:{int(elapsed % 60):02}"
        rest = f"{self.amount}"
        room = width - cell_len(f"{self.head} ") - cell_len(f" {clock}")
        for detail in filter(None, self.details):
            if cell_len(rest + BETWEEN + detail) + NARROWEST_BAR + 1 <= room:
                rest += BETWEEN + detail
        bar = self._bar(min(WIDEST_BAR, room - cell_len(rest) - 1))
        text = " ".join(filter(None, [self.head, bar, rest, clock]))
        return text if cell_len(text) <= width else set_cell_size(text, width)

    def _bar(self, width: int) -> str:
        if width < 1:
            return ""
        share = min(1.0, self.done / self.total) if self.total else 0.0
        full = int(width * share)
        return DONE * full + AHEAD * (width - full)
