"""Have the Schedules passed over nominal times?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from relance.domain.health.probes import ProbeName
from relance.ports.health import ProbeReading
from relance.temporal.errors import is_missing, unavailable


@dataclass(frozen=True, slots=True)
class MissedActionsProbe:
    """Nominal times that came while the server was down and were too old when it was back; only ever more of them."""

    client: Client
    schedules: Sequence[str]
    deadline: float
    name: str = ProbeName.MISSED_ACTIONS

    async def look(self) -> ProbeReading:
        """Return how many all Schedules passed over together, and which has most."""
        missed = {schedule: await self._missed(schedule) for schedule in self.schedules}
        most = max(missed, key=lambda schedule: missed[schedule])
        return ProbeReading(float(sum(missed.values())), "", most if missed[most] else "")

    async def _missed(self, schedule: str) -> int:
        handle = self.client.get_schedule_handle(schedule)
        try:
            described = await handle.describe(rpc_timeout=timedelta(seconds=self.deadline))
        except RPCError as error:
            if is_missing(error):
                return 0
            raise unavailable("a Schedule could not be described", error) from None
        return described.info.num_actions_missed_catchup_window
