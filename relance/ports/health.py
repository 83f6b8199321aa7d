"""Looks at what we depend on, and where their results are kept (SPEC H2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from relance.domain.health import Concern, Standing
from relance.domain.worker_report import WorkerReport


@dataclass(frozen=True, slots=True)
class Reading:
    """What a look found: a value in `unit`; `detail` names what the value is about, as a code or a name.

    `concerns` are by subject what is wrong, where each subject has an alert of its own.
    """

    value: float
    unit: str
    detail: str = ""
    concerns: Mapping[str, Concern] = field(default_factory=dict)


class Probe(Protocol):
    """One look at one thing; may be called at any time, changes nothing that matters."""

    @property
    def name(self) -> str:
        """What it is called in settings, records and alerts."""

    @property
    def deadline(self) -> float:
        """Seconds after which a look has failed."""

    async def look(self) -> Reading:
        """Return what is there.

        Raises:
            RelanceError: nothing could be found out.
        """


class HealthChecks(Protocol):
    """Where every probe stands."""

    async def all(self) -> Mapping[str, Standing]:
        """Return every known standing by probe."""

    async def store(self, standings: Sequence[Standing]) -> None:
        """Replace the standings of these probes."""


class Workers(Protocol):
    """What the worker processes say about themselves."""

    async def report(self, report: WorkerReport) -> None:
        """Replace what a process said last; forgotten some minutes after its last report."""

    async def leave(self, worker: str) -> None:
        """Forget a process that ends."""

    async def alive(self, since: datetime) -> list[WorkerReport]:
        """Return the newest report of each process that reported since then."""
