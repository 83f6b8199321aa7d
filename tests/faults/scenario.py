"""What `python -m tests.faults` can run: a name, options of its own, and a run that ends in a report."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

Say = Callable[[str], None]
"""Tells a person how far the run is."""


class Report(Protocol):
    """What came out of a run."""

    @property
    def holds(self) -> bool:
        """Whether everything was as it must be."""

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""


@dataclass(frozen=True, slots=True)
class NotRunReport:
    """Nothing came out, because this machine cannot make the fault happen: that breaks nothing and proves nothing."""

    reason: str
    duration_s: float

    @property
    def holds(self) -> bool:
        """Nothing was seen to break."""
        return True

    def as_dict(self) -> dict[str, Any]:
        """Return the reason; there are no figures."""
        return {"not_run": self.reason, "duration_s": round(self.duration_s, 1)}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to make trouble: `options` declares what may be chosen, `run` does it on servers of its own."""

    name: str
    summary: str
    options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Say], Awaitable[Report]]


def positive(text: str) -> int:
    """Return a number from the command line.

    Raises:
        ValueError: it is not at least 1.
    """
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
