"""The partner desk when workers die and when a check is started twice: nothing lost, one message (SPEC A6, W3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from temporalio.client import ScheduleActionExecutionStartWorkflow, ScheduleState

from relance import ids
from relance.cli.base.periods import today
from relance.contracts.checks import CheckResult
from relance.contracts.names import CheckName
from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import ChatFault, PostedMessage, Service
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.faults import TABLE, Slow
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.everflow.samples import sample_world
from relance.devstack.stack import Stack
from relance.domain.zones import instant_at
from relance.settings import Settings
from relance.settings.everflow import Everflow
from relance.temporal import schedules
from relance.temporal.checks import start_check
from tests.support import server_backfill
from tests.support.installation import Installation, installed
from tests.support.patience import PATIENCE_S

LOST_ANSWER_S = 60.0
CHECK = CheckName.DEFAULT_LP
NETWORK = Everflow(api_key=SecretStr(NETWORK_KEY))
DAY = today(datetime.now(UTC), NETWORK.timezone) - timedelta(days=2)
NOMINAL = instant_at(DAY, time(9), NETWORK.timezone)


@pytest.fixture
async def desk(
    stack: Stack, everflow: EverflowControl, chat: Chat, database: str, indexed_database: str
) -> AsyncIterator[Installation]:
    """An installation that writes to its inbox and to the chat, on a network with one thing to be found."""
    channels = {
        "RELANCE_CHANNELS__ORDER": "slack",
        "RELANCE_CHANNELS__SLACK_URL": f"{chat.url}/slack/desk",
        "RELANCE_CHANNELS__LOCAL_HOSTS": urlsplit(chat.url).netloc,
        "RELANCE_CHANNELS__TIMEOUT": str(LOST_ANSWER_S),
    }
    await everflow.put_world(sample_world(DAY))
    async with installed(stack, database, channels, forks=True, lent_database=indexed_database) as own:
        yield own


async def until(holds: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(2 * PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


async def events(desk: Installation) -> list[str]:
    """Everything that happened to the one alert there is."""
    alerts = await desk.database.raw.alerts.find({}).to_list(None)
    assert len(alerts) <= 1
    return [str(entry["event"]) for alert in alerts for entry in alert["history"]]


async def sent(desk: Installation) -> bool:
    return "sent" in await events(desk)


async def inbox(desk: Installation) -> list[str]:
    return [one["_id"] async for one in desk.database.raw.chatMessages.find({}, {"_id": 1})]


async def job_runs(desk: Installation) -> list[tuple[str, datetime]]:
    found = desk.database.raw.jobRuns.find({})
    return [(one["job"], one["nominal"]) async for one in found]


def keys(posted: list[PostedMessage]) -> list[str]:
    return [one.key for one in posted]


@pytest.mark.slow
async def test_a_worker_killed_between_posting_a_message_and_recording_it_posts_it_once_more_under_its_key(
    desk: Installation, chat: Chat
) -> None:
    await chat.add_fault(ChatFault(service=Service.SLACK, keep=True, delay=LOST_ANSWER_S, times=1))
    worker = await desk.start_worker()
    await start_check(desk.client, CHECK, NETWORK, NOMINAL)
    await until(chat.messages)
    worker.kill()
    assert not await sent(desk), "the kill came too late to test anything"
    await desk.start_worker()
    await until(lambda: sent(desk))
    await desk.alert_groups_idle([CHECK])
    posted = keys(await chat.messages())
    assert len(posted) == 2
    assert set(posted) == set(await inbox(desk))
    assert len(await inbox(desk)) == 1
    assert await events(desk) == ["opened", "sent"]


@pytest.mark.slow(45)
async def test_a_worker_killed_while_it_looks_at_the_report_leads_to_one_message_all_the_same(
    desk: Installation, chat: Chat, everflow: EverflowControl
) -> None:
    async def is_looking() -> bool:
        return any(fault["applied"] for fault in await everflow.faults())

    await everflow.add_fault(Slow(path=TABLE, seconds=LOST_ANSWER_S, times=1))
    worker = await desk.start_worker()
    check = await start_check(desk.client, CHECK, NETWORK, NOMINAL)
    await until(is_looking)
    worker.kill()
    await desk.start_worker()
    async with asyncio.timeout(2 * PATIENCE_S):
        result: CheckResult = await check.result()
    await desk.alert_groups_idle([CHECK])
    assert (result.findings, result.reason) == (1, None)
    assert len(await chat.messages()) == 1
    assert await events(desk) == ["opened", "sent"]
    assert await job_runs(desk) == [(CHECK, NOMINAL)]


@pytest.mark.slow
async def test_a_check_that_its_schedule_and_a_person_start_at_once_tells_its_findings_once(
    desk: Installation, chat: Chat
) -> None:
    declared = schedules.declared(Settings(everflow=NETWORK))
    schedule = next(one for one in declared if one.id == CHECK).schedule(ScheduleState(paused=True))
    handle = await desk.client.create_schedule(CHECK, schedule)
    await asyncio.gather(
        server_backfill.backfill(desk.client, CHECK, NOMINAL, NOMINAL),
        start_check(desk.client, CHECK, NETWORK, NOMINAL),
    )

    async def by_schedule() -> str:
        started = [one.action for one in (await handle.describe()).info.recent_actions]
        return next((one.workflow_id for one in started if isinstance(one, ScheduleActionExecutionStartWorkflow)), "")

    await until(by_schedule)
    both = [await by_schedule(), ids.check_workflow_id(CHECK, DAY)]
    await desk.start_worker()
    async with asyncio.timeout(2 * PATIENCE_S):
        results = [await desk.client.get_workflow_handle(one, result_type=CheckResult).result() for one in both]
    await desk.alert_groups_idle([CHECK])
    assert [(one.findings, one.nominal) for one in results] == [(1, NOMINAL)] * 2
    assert len(await chat.messages()) == len(await inbox(desk)) == 1

    async def told() -> bool:
        return "sent" in await events(desk)

    await until(told)
    assert (await events(desk)).count("sent") == 1
    assert await job_runs(desk) == [(CHECK, NOMINAL)]
