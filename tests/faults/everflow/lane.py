"""A worker with a network, a database and a namespace of its own: runs go through it one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from temporalio.service import RPCError, RPCStatusCode

from relance.devstack import everflow_server
from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import PostedMessage
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.stack import Stack
from relance.settings.everflow import Everflow
from relance.temporal.checks import start_check
from tests.faults.everflow.checker import ABOUT_DATA, BUSINESS, Judgement, Seen, after_recovery, judge
from tests.faults.everflow.kinds import CALL_S
from tests.faults.everflow.plan import Plan
from tests.faults.everflow.truth import truth
from tests.faults.everflow.worlds import network
from tests.faults.group_time import GroupTime
from tests.support.installation import Installation, installed
from workflows.alert import GATHER

RATE_WINDOW_S = 0.5
RUN_LIMIT_S = 60.0
RESOLVED_AFTER = timedelta(minutes=6)
GROUPS = sorted(BUSINESS | ABOUT_DATA)
_LEFT_BEHIND = ("alerts", "chatMessages", "jobRuns")


@dataclass
class Lane:
    """Runs one plan at a time and clears up behind it, so that no run knows of another."""

    name: str
    installation: Installation
    everflow: EverflowControl
    chat: Chat
    _read: int = field(default=0, init=False)

    async def run(self, plan: Plan) -> Judgement:
        """Run a check against the faulty network, and again when that is over; judge what came of it."""
        world = await asyncio.to_thread(network, plan.on, plan.seed, finding=plan.finding, crowded=plan.kind.crowded)
        owed = truth(plan.check, world, plan.on)
        await self.everflow.reset()
        await self.everflow.put_world(world)
        await self.everflow.add_fault(plan.fault)
        async with asyncio.timeout(RUN_LIMIT_S):
            await self._check(plan)
            judgement = judge(plan.check, owed, await self._seen(), stays=not plan.passes)
            if plan.recovers and not judgement.missed:
                await self._recover(plan)
                further = after_recovery(plan.check, owed, await self._seen())
                judgement = replace(judgement, others=(*judgement.others, *further))
        await self._clear()
        return judgement

    async def _check(self, plan: Plan) -> None:
        settings = Everflow(patience=plan.kind.patience)
        check = await start_check(self.installation.client, plan.check, settings, plan.nominal)
        await check.result()
        await self.installation.alert_groups_idle(GROUPS)

    async def _recover(self, plan: Plan) -> None:
        """End the fault, let a person start the check again, and let pass what a condition must stay away."""
        await self.everflow.clear_faults()
        await self._check(plan)
        for group in await self.installation.database.alerts.open_rules(sorted(ABOUT_DATA)):
            await self._gathered()
            await GroupTime(self.installation, group).passes(RESOLVED_AFTER)
        await self._gathered()

    async def _gathered(self) -> None:
        """Wait until the groups have also worked off what they gather."""
        await asyncio.sleep(GATHER.total_seconds())
        await self.installation.alert_groups_idle(GROUPS)

    async def _seen(self) -> Seen:
        raw = self.installation.database.raw
        return Seen(
            chat=[one for one in await self._posted() if one.path.endswith(self.name)],
            inbox=frozenset([one["_id"] async for one in raw.chatMessages.find({}, {"_id": 1})]),
            alerts=await raw.alerts.find({}).to_list(None),
            job_runs=await raw.jobRuns.find({}).to_list(None),
            struck=sum(fault["applied"] for fault in await self.everflow.faults()),
        )

    async def _posted(self) -> list[PostedMessage]:
        found = await self.chat.messages(after=self._read)
        self._read = max([self._read, *(one.n for one in found)])
        return found

    async def _clear(self) -> None:
        for group in GROUPS:
            try:
                await self.installation.alert_group(group).terminate("the next run begins")
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
        for name in _LEFT_BEHIND:
            await self.installation.database.raw[name].delete_many({})


@asynccontextmanager
async def opened(stack: Stack, chat: Chat, name: str) -> AsyncIterator[Lane]:
    """Open a lane on running servers, with a worker that serves it."""
    folder = stack.folder / name
    await asyncio.to_thread(Path.mkdir, folder)
    server = await everflow_server.start(folder)
    environment = {
        "RELANCE_EVERFLOW__BASE_URL": server.http,
        "RELANCE_EVERFLOW__TIMEOUT": str(CALL_S),
        "RELANCE_EVERFLOW__RATE_WINDOW": str(RATE_WINDOW_S),
        "RELANCE_CHANNELS__SLACK_URL": f"{chat.url}/slack/{name}",
    }
    try:
        async with EverflowControl(server.http) as everflow, installed(stack, name, environment) as installation:
            await installation.database.ensure_indexes()
            await installation.start_worker()
            yield Lane(name, installation, everflow, chat)
    finally:
        await server.stop()
