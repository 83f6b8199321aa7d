"""One installation whose month is to be lost: its people, its Schedules, and what it says about the month."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from relance import ids
from relance.contracts.cycle import CycleStatistics
from relance.devstack import processes
from relance.devstack.mailbox.client import Mailbox
from relance.domain.alerts.model import AlertEvent, AlertRecord, Rule
from relance.domain.cycle.send_times import current_period, period_before, period_of_opening
from relance.domain.failures import Severity
from relance.domain.health.watchdog import EffectState
from tests.support import preloaded_starter
from tests.support.expectation import Documents, Expectation, expectation
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess

HEALTH_EVERY_S, AGAIN_S, REPLAN_S, PLANNED_S = 3, 0.5, 10, 1
HISTORY = 4
GIVEN_UP_S = 60.0
COMMAND_S = 120.0
LOOK_EVERY_S = 0.1
NOON = 12
SETTINGS: Mapping[str, str] = {
    "RELANCE_JOBS__HEALTH_CRON": f"*/{HEALTH_EVERY_S} * * * * * *",
    "RELANCE_JOBS__HEALTH_CATCHUP": "PT10S",
    "RELANCE_HEALTH__AGAIN": f"PT{AGAIN_S}S",
    "RELANCE_HEALTH__PLANNED_WITHIN": f"PT{PLANNED_S}S",
    "RELANCE_HEALTH__DISK_LIMIT": "100",
    "RELANCE_HEALTH__MEMORY_LIMIT": "2048",
    "RELANCE_HEALTH__POLL_WITHIN": "PT10M",
    "RELANCE_SCHEDULING__REPLAN_EVERY": f"PT{REPLAN_S}S",
    # The next opening, a month ahead, is in time for its period on whatever day of the month this runs.
    "RELANCE_SCHEDULING__MAX_LATE": "P28D",
    "RELANCE_ALERTS__RESOLVE_HOLD": "PT0S",
    "RELANCE_ALERTS__GROUP_WAIT": "PT0S",
    "RELANCE_EVERFLOW__API_KEY": "",
}


def zone_at_noon(now: datetime) -> str:
    """Return a zone in which it is about noon: no nominal time of the next minutes falls on another day."""
    east = NOON - now.astimezone(UTC).hour
    # By POSIX these names count to the west.
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


@dataclass
class Site:
    """The installation; `period` is the month that gets lost. Other sites' people have other ids.

    `passed` is the nominal time that was to open the month and has passed, if there was one.
    """

    installation: Installation
    name: str
    users: int
    contacts: int
    zone: str = field(default_factory=lambda: zone_at_noon(datetime.now(UTC)))
    period: str = ""
    passed: datetime | None = None
    loaded: tuple[list[dict[str, Any]], list[dict[str, Any]]] = field(default_factory=lambda: ([], []))

    async def prepare(self) -> None:
        """Load the people, and what an installation remembers that has sent for months."""
        port = processes.free_port()
        self.installation.environment |= {
            **SETTINGS,
            "RELANCE_SCHEDULING__DEFAULT_ZONE": self.zone,
            # One of its own: the workers of another site would answer, and end.
            "RELANCE_GATEWAY__PORT": str(port),
            "RELANCE_GATEWAY__PUBLIC_URL": f"http://{processes.HOST}:{port}",
        }
        await self.add_people(self.users)

    async def expect(self, nominal: datetime) -> None:
        """Take the period of a nominal time for the one that gets lost; the ones before it have ended well."""
        self.period = period_of_opening(nominal, self.zone)
        await self._remember()

    async def expect_current(self) -> None:
        """Take the current period for the one that gets lost."""
        self.period = current_period(datetime.now(UTC), self.zone)
        await self._remember()

    async def add_people(self, users: int) -> None:
        """Add users with contacts, as the application does."""
        first = len(self.loaded[0])
        names = [f"{self.name}-{number}" for number in range(first, first + users)]
        people = [{"_id": one, "name": one, "email": f"{one}@users.example", "status": "active"} for one in names]
        contacts = [
            {
                "_id": f"{one}-c{number}",
                "userId": one,
                "name": "Contact",
                "email": f"{one}-c{number}@people.example",
                "status": "active",
            }
            for one in names
            for number in range(self.contacts)
        ]
        await self.installation.load(people, contacts)
        self.loaded[0].extend(people)
        self.loaded[1].extend(contacts)

    async def schedule(self, nominal: datetime) -> dict[str, Any]:
        """Have the month opened each month at this local time, and apply it; return what the command says."""
        local = nominal.astimezone(UTC) + timedelta(hours=NOON - datetime.now(UTC).hour)
        cron = f"{local.second} {local.minute} {local.hour} {local.day} * * *"
        self.installation.environment["RELANCE_SCHEDULING__CYCLE_CRON"] = cron
        return await self.command("schedules", "apply")

    async def command(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed; return its answer."""
        code, answer = await self._run(*arguments)
        assert code == 0, (arguments, answer)
        return answer

    async def watchdog(self) -> tuple[int, list[str]]:
        """Run the watchdog; return its exit code, and what has stopped."""
        code, answer = await self._run("watchdog")
        wrong = {EffectState.STOPPED, EffectState.UNREACHABLE}
        return code, [one["what"] for one in answer["effects"] if one["state"] in wrong]

    async def start_worker(self, role: str = "all") -> WorkerProcess:
        """Start a worker that serves these queues."""
        return await self.installation.start_worker(role=role)

    async def told(self) -> float:
        """Wait until people were told that the month is not looked after; return the seconds, or the limit."""
        return await self._until(lambda alert: alert is not None and _is_told(alert))

    async def cleared(self) -> float:
        """Wait until there is no open alert about it any more; return the seconds, or the limit."""
        return await self._until(lambda alert: alert is None)

    async def result(self) -> CycleStatistics:
        """Wait for the end of the cycle, and draw the balance."""
        handle = self.installation.client.get_workflow_handle(ids.cycle_workflow_id(self.period))
        async with asyncio.timeout(GIVEN_UP_S):
            await handle.result()
        return await self.installation.statistics(self.period)

    def expected(self) -> Expectation:
        """Return who must get a mail."""
        users: Documents = self.loaded[0]
        return expectation(self.period, users, self.loaded[1])

    async def mails(self, mailbox: Mailbox) -> list[tuple[str, str]]:
        """Return Message-ID and address of every mail that reached people of this site."""
        own = f"{self.name}-"
        return [(mail.message_id, to) for mail in await mailbox.log() for to in mail.to if to.startswith(own)]

    async def _until(self, is_there: Callable[[AlertRecord | None], bool]) -> float:
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < GIVEN_UP_S:
            open_ = await self.installation.database.alerts.open(Rule.PERIOD)
            if is_there(next((one for one in open_ if one.subject == self.period), None)):
                return passed
            await asyncio.sleep(LOOK_EVERY_S)
        return GIVEN_UP_S

    async def _remember(self) -> None:
        period = self.period
        for _ in range(HISTORY):
            period = period_before(period)
            statistics = CycleStatistics(
                period=period,
                eligible=0,
                sent=0,
                cancelled=0,
                skipped={},
                failed={},
                uncertain=0,
                open=0,
                balance=0,
                plans_open=0,
            )
            await self.installation.database.job_runs.store_statistics(statistics, datetime.now(UTC))

    async def _run(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        environment = {**os.environ, **self.installation.environment}
        done = await asyncio.to_thread(preloaded_starter.run, [*arguments, "--json"], environment, COMMAND_S)
        assert done.stdout.strip(), (arguments, done.stderr)
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return done.returncode, answer


def _is_told(alert: AlertRecord) -> bool:
    return alert.severity is Severity.CRITICAL and any(one.event is AlertEvent.SENT for one in alert.history)
