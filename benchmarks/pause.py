"""What a pause costs: reminders of all users come due while the cycle is paused, wait, and go out when it goes on.

hold_cpu_s             processor time of the worker from the instant they are due until nothing happens any more
waiting_cpu_share      share of one core that the worker uses while everything is held (others: server, database)
events_while_waiting   events a follow-up's history has grown by in that time, the most of those looked at
resumed_s              from `resume` to the last reminder accepted
resumed_per_s          reminders per second in that time; compare with wave_reminders_per_s of benchmarks.cycle
idle_rss_mb            resident set of the worker while everything is held, with the follow-ups its cache holds
peak_rss_mb            largest resident set of the worker, at any time
cached, together       RELANCE_WORKER__CACHED_WORKFLOWS and RELANCE_WORKER__WOKEN_TOGETHER of this run
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.follow_up_starts import by_user, start_follow_ups
from benchmarks.meter import cpu_by_process, difference
from benchmarks.people import Documents, plain_people
from benchmarks.prepared import prepared
from benchmarks.table import parser_of, run_and_print, say
from relance import ids
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.documents import to_raw
from relance.domain.cycle.control import ControlState
from relance.domain.invitations.invitation import DueAt
from relance.services.cycle_control import CycleControl
from relance.settings import WorkerGroup
from relance.temporal.cycles import TemporalCycles
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess

PERIOD = "2026-11"
STARTS_PER_S = 25.0
"""An eighth of what the embedded server does alone on two cores."""
HEADROOM_S = 15.0
QUIET_SHARE = 0.05
QUIET_S = 3
STALLED_S = 300.0
LOOKED_AT = 50


async def measure(users: int, contacts: int, wait_s: float, cached: int, together: int) -> dict[str, Any]:
    """Run everything and return the figures."""
    people = plain_people(users, contacts)
    environment = {
        "RELANCE_WORKER__CACHED_WORKFLOWS": str(cached),
        "RELANCE_WORKER__WOKEN_TOGETHER": str(together),
    }
    async with prepared(*people, environment) as place:
        worker = await place.installation.start_worker()
        figures = await _run(place.installation, worker, people[1], wait_s, place.guard_pid)
        figures["peak_rss_mb"] = round(worker.measure(), 1)
        await worker.stop()
    return {**figures, "users": users, "contacts": contacts, "cached": cached, "together": together}


async def _run(
    installation: Installation, worker: WorkerProcess, contacts: Documents, wait_s: float, guard: int | None
) -> dict[str, Any]:
    of_users = by_user(contacts)
    users = list(of_users)
    desk = CycleControl(installation.database.controls, TemporalCycles(installation.client), SystemClock())
    await desk.notify(PERIOD, ControlState.PAUSED, "a benchmark", "benchmark")
    due = datetime.now(UTC) + timedelta(seconds=HEADROOM_S + len(of_users) / STARTS_PER_S + len(contacts) / 20_000)
    instants = DueAt(first=due, second=due + timedelta(days=4), expiry=due + timedelta(days=27))
    await _fill_ledger(installation, of_users, instants)
    await start_follow_ups(installation, PERIOD, of_users, instants)
    if datetime.now(UTC) > due:
        raise RuntimeError("starting took so long that the reminders did not come due together")
    await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds() - 1))
    cpu = cpu_by_process(worker, guard)
    await _held(installation, users, max(len(mine) for mine in of_users.values()))
    await _quiet(worker)
    hold = difference(cpu, cpu_by_process(worker, guard))
    say(f"held: {hold}")
    events = await _events(installation, users)
    cpu = cpu_by_process(worker, guard)
    await asyncio.sleep(wait_s)
    waiting = {kind: round(used / wait_s, 4) for kind, used in difference(cpu, cpu_by_process(worker, guard)).items()}
    grown = [later - earlier for earlier, later in zip(events, await _events(installation, users), strict=True)]
    rss = sum(process.memory_info().rss for process in [worker.process, *worker.process.children(recursive=True)])
    say(f"waiting: {waiting}, grown by {max(grown)}")
    resumed = datetime.now(UTC)
    await desk.notify(PERIOD, ControlState.RUNNING, "", "benchmark")
    last = await _all_sent(installation, len(contacts))
    seconds = (last - resumed).total_seconds()
    return {
        "hold_cpu_s": hold,
        "waiting_cpu_share": waiting,
        "events_while_waiting": max(grown),
        "resumed_s": round(seconds, 1),
        "resumed_per_s": round(len(contacts) / seconds, 1),
        "idle_rss_mb": round(rss / 2**20, 1),
    }


async def _fill_ledger(installation: Installation, of_users: dict[str, list[str]], due: DueAt) -> None:
    """Store what the ledger holds three days after the invitations."""
    raw, sent = installation.database.raw, due.first - timedelta(days=3)
    for user, contacts in of_users.items():
        await raw.invitations.insert_many(
            [
                {
                    "_id": ids.invitation_id(PERIOD, user, contact),
                    "period": PERIOD,
                    "userId": user,
                    "contactId": contact,
                    "status": "sent",
                    "attempts": 1,
                    "queuedAt": sent,
                    "sentAt": sent,
                    "messageId": f"<{contact}@form-a-friend.example>",
                    "dueAt": to_raw(due),
                }
                for contact in contacts
            ]
        )
    await raw.plans.insert_many(
        [
            {
                "_id": ids.plan_id(PERIOD, user),
                "period": PERIOD,
                "userId": user,
                "instant": sent,
                "local": "2026-11-05T18:00",
                "zone": "Europe/Paris",
                "status": "done",
                "contacts": len(contacts),
                "updatedAt": sent,
            }
            for user, contacts in of_users.items()
        ]
    )


async def _quiet(worker: WorkerProcess) -> None:
    """Wait until the worker has done nothing to speak of for some seconds."""
    quiet, before = 0, worker.cpu_s()
    while quiet < QUIET_S:
        await asyncio.sleep(1)
        now = worker.cpu_s()
        quiet = quiet + 1 if now - before < QUIET_SHARE else 0
        before = now


async def _held(installation: Installation, users: Sequence[str], contacts: int) -> None:
    """Wait until the timers of those looked at have fired and their step has been answered."""
    # Started and fired, one each; the first task, and the step with its activity.
    wanted = 2 * contacts + 10
    while (least := min(await _events(installation, users))) < wanted:
        say(f"{least} of {wanted} events")
        await asyncio.sleep(2)


async def _events(installation: Installation, users: Sequence[str]) -> list[int]:
    some = users[:: max(1, len(users) // LOOKED_AT)]
    handles = [installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, user)) for user in some]
    return [(await handle.describe()).history_length for handle in handles]


async def _all_sent(installation: Installation, wanted: int) -> datetime:
    sent, changed = 0, time.monotonic()
    while sent < wanted:
        if time.monotonic() - changed > STALLED_S:
            raise RuntimeError(f"after {sent} of {wanted} reminders nothing happens any more")
        await asyncio.sleep(0.5)
        outcomes = await installation.database.ledger.reminder_outcomes(PERIOD)
        now = sum(row["count"] for row in outcomes if row["reason"] is None)
        if now != sent:
            sent, changed = now, time.monotonic()
            say(f"{sent} of {wanted} reminders")
    newest: list[dict[str, Any]] = [
        {"$match": {"period": PERIOD}},
        {"$unwind": "$reminders"},
        {"$group": {"_id": None, "last": {"$max": "$reminders.sentAt"}}},
    ]
    found = await installation.database.raw.invitations.aggregate(newest).to_list(None)
    last: datetime = found[0]["last"]
    return last


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("pause", __doc__)
    parser.add_argument("--users", type=int, default=500, help="users (default %(default)s)")
    parser.add_argument("--contacts", type=int, default=20, help="contacts of each (default %(default)s)")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds everything is held (default %(default)s)")
    parser.add_argument("--cached", type=int, default=WorkerGroup().cached_workflows, help="(default %(default)s)")
    parser.add_argument("--together", type=int, default=WorkerGroup().woken_together, help="(default %(default)s)")
    given = parser.parse_args()
    if min(given.users, given.contacts, given.wait, given.together) < 1:
        parser.error("every number must be at least 1")
    run_and_print(
        lambda: measure(given.users, given.contacts, given.wait, given.cached, given.together), as_json=given.json
    )


if __name__ == "__main__":
    main()
