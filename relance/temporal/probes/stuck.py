"""Which workflows do not get on?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from relance.domain.health.probes import ProbeName
from relance.ports import Clock
from relance.ports.health import ProbeReading
from relance.temporal.errors import unavailable

FAILING = (
    "ExecutionStatus = 'Running' AND "
    "TemporalReportedProblems IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"
)
"""Set by the server after five tasks in a row, some 45 s."""


@dataclass(frozen=True, slots=True)
class StuckProbe:
    """Workflows whose code fails again and again, and runs of jobs that are open for longer than they should be."""

    client: Client
    clock: Clock
    jobs: Collection[str]
    limit: timedelta
    deadline: float
    name: str = ProbeName.STUCK

    async def look(self) -> ProbeReading:
        """Return how many of both."""
        try:
            failing, open_ = await self._failing(), await self._open_too_long()
        except RPCError as error:
            raise unavailable("workflows could not be counted", error) from None
        return ProbeReading(float(failing + open_), "", "failing" if failing else "open_too_long" if open_ else "")

    async def _failing(self) -> int:
        try:
            return await self._count(FAILING)
        except RPCError as error:
            # Servers before 1.30 do not know the attribute.
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                return 0
            raise

    async def _open_too_long(self) -> int:
        before = (self.clock.now() - self.limit).astimezone(UTC)
        types = ", ".join(f"'{job}'" for job in sorted(self.jobs))
        return await self._count(
            f"ExecutionStatus = 'Running' AND WorkflowType IN ({types}) AND StartTime < '{before.isoformat()}'"
        )

    async def _count(self, query: str) -> int:
        return (await self.client.count_workflows(query, rpc_timeout=timedelta(seconds=self.deadline))).count
