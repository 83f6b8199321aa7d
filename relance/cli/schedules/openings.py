"""Periods that nothing opened and nothing will: shown by commands that change a Schedule, and opened on request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import typer
from temporalio.client import Client

from relance.cli.base.command import Run
from relance.cli.base.confirming import can_ask
from relance.cli.base.output import cell
from relance.cli.start.opening import LOOK_BACK, open_by_hand
from relance.contracts.cycle import CycleInput
from relance.contracts.names import MONTHLY_SCHEDULE
from relance.domain.cycle.coverage import MonthlyOpenings, PeriodState, is_missed, periods_before
from relance.domain.cycle.send_times import period_of_opening
from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.schedules import cycle_options

OpenMissedOption = Annotated[
    bool | None,
    typer.Option(
        "--open-missed/--leave-missed",
        help="Open the periods that are left out, or leave them; without either a person is asked, a script leaves.",
    ),
]


@dataclass(frozen=True, slots=True)
class Missed:
    """A period nobody opens, when it would have been opened, and whether the installation is a fresh one.

    `opened` says whether its cycle was started on the way.
    """

    period: str
    opening: datetime | None
    fresh: bool
    opened: bool = False

    @property
    def remedy(self) -> str:
        """The command that opens it."""
        return f"starter.py start cycle --period {self.period}"

    @property
    def sentence(self) -> str:
        """What a person reads."""
        when = f" (its opening would have been {cell(self.opening)})" if self.opening is not None else ""
        if self.opened:
            return f"{self.period} was left out{when}; its cycle is started."
        return f"{self.period} is left out{when}; open it now: `{self.remedy}`"

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines."""
        return {"period": self.period, "opening": self.opening, "opened": self.opened, "remedy": self.remedy}


@dataclass(frozen=True, slots=True)
class Unopened:
    """The periods up to the first that the Schedule is still to open in time, and what the Schedule says."""

    states: Sequence[PeriodState]
    missed: Sequence[str]
    openings: MonthlyOpenings

    def is_fresh(self, period: str) -> bool:
        """Return whether this installation has sent for no earlier period: then nothing that has passed is owed."""
        first = self.openings.first_period
        return first is None or first > period


async def unopened(run: Run, client: Client) -> Unopened:
    """Look at the periods that no Schedule is still to open in time, whether it is paused or not."""
    now = run.services.clock.now()
    async with run.services.health(run.settings, client) as health:
        watch = health.periods
        assert watch is not None, "there is a client"
        openings = await watch.openings(now, since=now, although_paused=True)
        max_late = watch.rules.max_late
        near = [await watch.state(period, now) for period in periods_before(openings, now, max_late)]
        states = [state for state in near if not openings.opens_in_time(state.period, max_late)]
        missed = [state.period for state in states if is_missed(state, openings, watch.rules)]
    return Unopened(states, missed, openings)


async def find_missed(run: Run, client: Client, before: Sequence[datetime] = ()) -> list[Missed]:
    """Return the periods without a cycle that no Schedule will open in time.

    `before` are the nominal times the Schedule had until it was changed.
    """
    found, zone = await unopened(run, client), run.settings.scheduling.default_zone
    if not found.missed:
        return []
    now = run.services.clock.now()
    past, _ = await TemporalNominalTimes(client).matching(MONTHLY_SCHEDULE, now - LOOK_BACK, now)
    times = [*before, *past]
    return [Missed(period, _opening_of(period, times, zone), fresh=found.is_fresh(period)) for period in found.missed]


async def settle_missed(run: Run, client: Client, missed: Sequence[Missed], open_missed: bool | None) -> list[Missed]:  # noqa: FBT001 - an option of the command line
    """Open these periods if a person wants that; return what became of them.

    On a fresh installation only the send times still ahead count (SPEC C1).
    """
    if not missed or not (_wants(run, missed) if open_missed is None else open_missed):
        return list(missed)
    now, options = run.services.clock.now(), cycle_options(run.settings)
    async with run.database() as database:
        for period in missed:
            request = CycleInput(period=period.period, options=options, not_before=now if period.fresh else None)
            await open_by_hand(run, client, database, request)
    return [replace(period, opened=True) for period in missed]


def _opening_of(period: str, times: Iterable[datetime], zone: str) -> datetime | None:
    return max((at for at in times if period_of_opening(at, zone) == period), default=None)


def _wants(run: Run, missed: Sequence[Missed]) -> bool:
    if not can_ask(run):
        return False
    for period in missed:
        run.out.note(period.sentence)
    return typer.confirm("Start the cycles of these periods now?", default=True)
