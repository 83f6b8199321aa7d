"""What one invitation costs over its life: history, documents, processor time, and actions of Temporal Cloud.

A cycle runs on the embedded stack; then each user gets a follow-up whose first reminder, second reminder and expiry
come due one after the other, and which runs to its end, as others do within a month.

temporal       by workflow type: executions, events and bytes of history and actions of each, and for one invitation
actions        of Temporal Cloud for one invitation, by kind, counted from the histories after the list in
               docs.temporal.io/cloud/actions; heartbeats are no events and come on top
mongodb        bytes of documents and of indexes for one invitation, by collection
cpu_ms         processor time for one invitation, by process and phase
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowExecution

from benchmarks.follow_up_starts import BESIDE_A_CYCLE, by_user, start_follow_ups
from benchmarks.meter import cpu_by_process, difference, per_mail
from benchmarks.people import Documents, plain_people
from benchmarks.prepared import prepared
from benchmarks.table import parser_of, run_and_print, say
from relance.adapters.mongo.documents import to_raw
from relance.contracts.names import Workflow
from relance.domain.invitations.invitation import DueAt
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess

PERIOD = "2026-11"
STEP_S = 15.0
PATIENCE_S = 180.0
ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "starts",
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: "child starts",
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attributes",
    EventType.EVENT_TYPE_MARKER_RECORDED: "markers",
}


async def measure(users: int, contacts: int) -> dict[str, Any]:
    """Live a month of these people and return what it cost."""
    people, invitations = plain_people(users, contacts), users * contacts
    async with prepared(*people) as (installation, _):
        worker = await installation.start_worker()
        cpu = {"cycle": await _metered(worker, _cycle(installation))}
        say("the cycle is sent; starting follow-ups")
        cpu["reminders and expiry"] = await _metered(worker, _follow(installation, people[1]))
        await worker.stop()
        temporal = await _histories(installation, invitations)
        mongodb = await _documents(installation, invitations)
    return {
        "users": users,
        "contacts": contacts,
        "temporal": temporal,
        "actions": _sum_of_actions(temporal),
        "events": round(sum(one["events_per_invitation"] for one in temporal.values()), 2),
        "history_bytes": round(sum(one["bytes_per_invitation"] for one in temporal.values())),
        "mongodb": mongodb,
        "document_bytes": sum(one["bytes"] for one in mongodb.values()),
        "index_bytes": sum(one["index_bytes"] for one in mongodb.values()),
        "cpu_ms": {phase: per_mail(used, invitations) for phase, used in cpu.items()},
    }


async def _metered(worker: WorkerProcess, work: Any) -> dict[str, float]:
    before = cpu_by_process(worker, None)
    await work
    return difference(before, cpu_by_process(worker, None))


async def _cycle(installation: Installation) -> None:
    await (await installation.start_cycle(PERIOD)).result()


async def _follow(installation: Installation, contacts: Documents) -> None:
    of_users = by_user(contacts)
    begun = time.monotonic()
    first = datetime.now(UTC) + timedelta(seconds=STEP_S + len(of_users) / 20)
    second = first + timedelta(seconds=STEP_S + len(contacts) / 50)
    expiry = second + timedelta(seconds=STEP_S + len(contacts) / 50)
    ledger = installation.database.raw.invitations
    due = DueAt(first=first, second=second, expiry=expiry)
    await ledger.update_many({"period": PERIOD}, {"$set": {"dueAt": to_raw(due), "sentAt": first - timedelta(days=3)}})
    await start_follow_ups(installation, PERIOD, of_users, due, part=BESIDE_A_CYCLE)
    say(f"{len(of_users)} follow-ups started in {time.monotonic() - begun:.0f} s")
    await _reminded(installation, 1, len(contacts))
    # Four days lie between the two reminders; mails of one invitation keep a day's distance.
    earlier = {"$set": {"reminders.$[].sentAt": first - timedelta(days=4)}}
    await ledger.update_many({"period": PERIOD}, earlier)
    if datetime.now(UTC) > second:
        raise RuntimeError("the first reminders took too long; the second ones came due meanwhile")
    await _reminded(installation, 2, len(contacts))
    await _ended(installation, len(of_users))


async def _reminded(installation: Installation, number: int, wanted: int) -> None:
    done = {"period": PERIOD, f"reminders.{number - 1}": {"$exists": True}}
    await _until(lambda: installation.database.raw.invitations.count_documents(done), wanted, f"reminders {number}")


async def _ended(installation: Installation, wanted: int) -> None:
    query = f"WorkflowType='{Workflow.FOLLOW_UP}' AND ExecutionStatus='Completed'"

    async def count() -> int:
        return (await installation.client.count_workflows(query)).count

    await _until(count, wanted, "ended follow-ups")


async def _until(count: Any, wanted: int, what: str) -> None:
    found, changed = await count(), time.monotonic()
    while found < wanted:
        if time.monotonic() - changed > PATIENCE_S:
            raise RuntimeError(f"after {found} of {wanted} {what} nothing happens any more")
        await asyncio.sleep(1)
        before, found = found, await count()
        if found != before:
            changed = time.monotonic()
    say(f"{found} {what}")


async def _histories(installation: Installation, invitations: int) -> dict[str, dict[str, Any]]:
    totals: dict[str, Counter[str]] = {}
    async for execution in installation.client.list_workflows("ExecutionStatus!='Running'"):
        total = totals.setdefault(execution.workflow_type, Counter())
        total.update(await _history(installation, execution))
    return {
        name: {
            "executions": total["executions"],
            "events": round(total["events"] / total["executions"], 1),
            "bytes": round(total["bytes"] / total["executions"]),
            "events_per_invitation": round(total["events"] / invitations, 3),
            "bytes_per_invitation": round(total["bytes"] / invitations, 1),
            "actions_per_invitation": {
                kind: round(total[kind] / invitations, 4) for kind in ACTIONS.values() if total[kind]
            },
        }
        for name, total in sorted(totals.items())
    }


async def _history(installation: Installation, execution: WorkflowExecution) -> Counter[str]:
    handle = installation.client.get_workflow_handle(execution.id, run_id=execution.run_id)
    info = (await handle.describe()).raw_description.workflow_execution_info
    found = Counter[str]({"executions": 1, "events": info.history_length, "bytes": info.history_size_bytes})
    found.update(actions_of([event async for event in handle.fetch_history_events()]))
    return found


def actions_of(events: Iterable[HistoryEvent]) -> Counter[str]:
    """Count the actions of a history by kind.

    A child costs one for the intent and one for the start, which is its own first event. The markers of one workflow
    task are one action together.
    """
    found, marked = Counter[str](), set[int]()
    for event in events:
        kind = ACTIONS.get(event.event_type)
        if kind is None:
            continue
        if event.HasField("marker_recorded_event_attributes"):
            task = event.marker_recorded_event_attributes.workflow_task_completed_event_id
            if task in marked:
                continue
            marked.add(task)
        found[kind] += 1
    return found


def _sum_of_actions(temporal: dict[str, dict[str, Any]]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for one in temporal.values():
        total.update(one["actions_per_invitation"])
    return {**{kind: round(value, 4) for kind, value in total.items()}, "all": round(sum(total.values()), 3)}


async def _documents(installation: Installation, invitations: int) -> dict[str, dict[str, Any]]:
    raw, found = installation.database.raw, {}
    for name in sorted(await raw.list_collection_names()):
        stats = await raw.command("collStats", name)
        if stats["count"] and name not in {"users", "contacts"}:
            found[name] = {
                "documents": stats["count"],
                "bytes": round(stats["size"] / invitations),
                "index_bytes": round(sum(stats["indexSizes"].values()) / invitations),
                "indexes": len(stats["indexSizes"]),
            }
    return found


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("costs", __doc__)
    parser.add_argument("--users", type=int, default=100, help="users (default %(default)s)")
    parser.add_argument("--contacts", type=int, default=20, help="contacts of each (default %(default)s)")
    arguments = parser.parse_args()
    if min(arguments.users, arguments.contacts) < 1:
        parser.error("every number must be at least 1")
    run_and_print(lambda: measure(arguments.users, arguments.contacts), as_json=arguments.json)


if __name__ == "__main__":
    main()
