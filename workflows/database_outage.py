"""An outage of MongoDB, kept in a workflow because MongoDB is down.

People are notified when it is sure and when it is over (SPEC H2).
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow

from workflows.common.options import LOOK, TELL

with workflow.unsafe.imports_passed_through():
    from activities.outages import Outages
    from relance.contracts.health import OutageInput, OutageLook, OutageNotice, OutageResult
    from relance.wording.summaries import counted


@workflow.defn
class DatabaseOutage:
    """Probe until MongoDB is well again. The id is `outage/mongodb`, so there is one workflow per outage."""

    @workflow.init
    def __init__(self, request: OutageInput) -> None:
        self._begun = request.begun
        self._bad, self._good, self._looks = request.bad, request.good, request.looks
        self._notified = request.told

    @workflow.run
    async def run(self, _request: OutageInput) -> OutageResult:
        """Return when it ended and whether people were notified."""
        while True:
            look = await self._look()
            ended = look.look.at
            if self._bad >= look.fail_after and self._notified is None:
                await self._notify(look.look.trouble or "unreachable", None)
                self._notified = workflow.now()
            if self._good >= look.recover_after:
                break
            await self._pause(look)
        if self._notified is not None:
            await self._notify("", ended)
        return OutageResult(begun=self._begun, ended=ended, told=self._notified is not None)

    async def _look(self) -> OutageLook:
        look = await workflow.execute_activity_method(Outages.look_at_database, summary="look at MongoDB", **LOOK)
        self._looks += 1
        self._bad, self._good = (self._bad + 1, 0) if look.lost else (0, self._good + 1)
        workflow.set_current_details(
            f"**{'away' if look.lost else 'back'}** since {self._begun:%Y-%m-%d %H:%M} UTC, "
            f"{counted(self._looks, 'look')}, {'people know' if self._notified else 'nobody was told yet'}"
        )
        return look

    async def _pause(self, look: OutageLook) -> None:
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(
                OutageInput(begun=self._begun, bad=self._bad, good=self._good, looks=self._looks, told=self._notified)
            )
        pause = look.again if self._unsure(look) else min(look.again * 2 ** min(self._bad, 16), look.longest)
        await asyncio.sleep(pause.total_seconds())

    def _unsure(self, look: OutageLook) -> bool:
        """Return whether the next looks decide whether people are notified something."""
        return self._notified is None or not look.lost

    async def _notify(self, trouble: str, ended: datetime | None) -> None:
        await workflow.execute_activity_method(
            Outages.tell_outage,
            OutageNotice(begun=self._begun, at=workflow.now(), trouble=trouble, ended=ended),
            summary="tell that MongoDB is away" if ended is None else "tell that MongoDB is back",
            **TELL,
        )
