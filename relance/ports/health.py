"""Probes of what we depend on, where their results are kept, and the effects of the workers' work (SPEC H2, H3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from relance.domain.health.probes import WorkerReport
from relance.domain.health.status import Concern, ProbeStatus
from relance.domain.health.watchdog import DuePlans


@dataclass(frozen=True, slots=True)
class ProbeReading:
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

    async def look(self) -> ProbeReading:
        """Return what is there.

        Raises:
            RelanceError: nothing could be found out.
        """


class HealthChecks(Protocol):
    """Where every probe stands."""

    async def all(self) -> Mapping[str, ProbeStatus]:
        """Return every known standing by probe."""

    async def store(self, statuses: Sequence[ProbeStatus]) -> None:
        """Replace the standings of these probes."""


class Workers(Protocol):
    """What the worker processes say about themselves."""

    async def report(self, report: WorkerReport) -> None:
        """Replace what a process said last; forgotten some minutes after its last report."""

    async def leave(self, worker: str) -> None:
        """Forget a process that ends."""

    async def alive(self, since: datetime) -> list[WorkerReport]:
        """Return the newest report of each process that reported since then."""


class Effects(Protocol):
    """Questions about the whole database that nobody asks while mails are sent: they may take a second."""

    async def plans_due(self, before: datetime) -> list[DuePlans]:
        """Return, by period, the plans that were due before an instant and are not done."""

    async def last_mail(self, periods: Sequence[str], since: datetime) -> datetime | None:
        """Return when the relay last accepted an invitation of these periods; one after `since` is recent enough."""

    async def stuck_claims(self, periods: Sequence[str], before: datetime) -> int:
        """Count the mails of these periods that were claimed before an instant and have no result."""
