from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus as Status
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from tests.simulation.chance import NO_FAULTS
from tests.simulation.temporal.examples import Carried, Child, Steps, work
from tests.simulation.temporal.run import WorkflowRun
from tests.simulation.temporal.sdk_runtime import install
from tests.simulation.temporal.server import Workflows
from tests.simulation.temporal.wire import Payloads, packed, unpacked
from tests.simulation.trace import Trace
from tests.simulation.virtual_loop import VirtualLoop
from tests.simulation.world import World

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


class Server:
    """A simulated server, and how often each number was worked at."""

    def __init__(self) -> None:
        self.loop = VirtualLoop(NOON)
        self.world = World(self.loop, Random(1), NO_FAULTS, Trace(self.loop))
        self.worked: list[int] = []
        self.workflows = Workflows(self.world, self._execute, self._execute, suggest_at=1000)
        install(self.workflows)

    async def _execute(
        self, method: Any, payloads: Payloads, run_id: str, activity_id: str, options: Mapping[str, Any]
    ) -> Payloads:
        [number] = unpacked(payloads, [int])
        self.worked.append(number)
        await asyncio.sleep(1.0)
        return packed([await method(number)])

    def start(self, **options: Any) -> WorkflowRun:
        return self.workflows.start(Steps, packed([Carried()]), "steps", **options)

    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(_after(seconds))

    def tell(self, word: str) -> None:
        self.workflows.signal("steps", "note", packed([word]))
        self.wait(5.0)

    @property
    def said(self) -> list[str]:
        run = self.workflows.current("steps")
        assert run is not None
        return list(run.query("said"))


async def _after(seconds: float) -> None:
    await asyncio.sleep(seconds)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    asyncio.set_event_loop(made.loop)
    yield made
    made.world.over = True
    made.loop.run_until_complete(_cancel_all())
    asyncio.set_event_loop(None)
    made.loop.close()
    assert not made.world.broken.done() or made.world.broken.cancelled()


async def _cancel_all() -> None:
    tasks: list[asyncio.Task[Coroutine[Any, Any, Any]]] = list(asyncio.all_tasks() - {asyncio.current_task()})
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=1.0)


def test_a_reset_replays_what_was_done_and_believes_in_the_same_instants(server: Server) -> None:
    server.start()
    server.wait(120.0)
    before = server.said
    assert before == ["worked 10", "slept until 12:01"]
    server.wait(3600.0)
    server.workflows.reset("steps", 2, reapply=True)
    server.wait(1.0)
    assert server.said == before
    assert server.worked == [1]


def test_what_a_reset_forgets_is_done_again(server: Server) -> None:
    server.start()
    server.wait(120.0)
    server.workflows.reset("steps", 0, reapply=True)
    server.wait(120.0)
    assert server.worked == [1, 1]
    # The timer was started anew, when the work was done again.
    assert server.said == ["worked 10", "slept until 12:03"]


@pytest.mark.parametrize(("reapply", "heard"), [(True, True), (False, False)])
def test_later_signals_are_told_again_after_a_reset_if_they_are_to(server: Server, reapply: bool, heard: bool) -> None:
    server.start()
    server.wait(120.0)
    server.tell("go")
    server.workflows.reset("steps", 1, reapply=reapply)
    server.wait(120.0)
    assert any(one.startswith("heard go") for one in server.said) is heard


def test_a_child_that_began_after_the_point_of_a_reset_runs_on_as_an_orphan(server: Server) -> None:
    server.start()
    server.wait(120.0)
    server.tell("go")
    child = server.workflows.current("child")
    server.workflows.reset("steps", 2, reapply=True)
    server.wait(120.0)
    assert server.said[-1] == "the child runs already"
    assert child is server.workflows.current("child")
    assert child is not None
    assert not child.closed


def test_a_child_that_began_before_the_point_of_a_reset_is_still_waited_for(server: Server) -> None:
    first = server.start()
    server.wait(120.0)
    server.tell("go")
    server.workflows.reset("steps", len(first.history), reapply=True)
    server.wait(1.0)
    server.workflows.signal("child", "end", packed([]))
    server.wait(1.0)
    assert server.said[-1] == "child"
    assert server.worked == [1, 2]


def test_what_the_input_does_not_carry_is_lost_when_it_continues_as_new(server: Server) -> None:
    server.start()
    server.wait(10.0)
    server.workflows.signal("steps", "note", packed(["one"]))
    server.workflows.signal("steps", "note", packed(["again"]))
    server.wait(120.0)
    assert [run.status for run in server.workflows.runs["steps"]] == [Status.CONTINUED_AS_NEW, Status.RUNNING]
    assert "heard one forgotten 0" in server.said


def test_a_backup_knows_neither_what_began_nor_what_ended_later(server: Server) -> None:
    server.start()
    server.wait(120.0)
    backup = server.world.now()
    server.wait(1.0)
    server.tell("go")
    server.workflows.signal("child", "end", packed([]))
    server.wait(5.0)
    run = server.workflows.current("steps")
    assert run is not None
    assert run.status is Status.COMPLETED
    server.workflows.put_back(backup)
    server.wait(1.0)
    assert server.workflows.current("child") is None
    assert server.said == ["worked 10", "slept until 12:01"]
    server.workflows.put_back(backup)
    server.tell("go")
    assert server.worked == [1, 2, 2]


def test_a_terminated_parent_takes_its_children_along(server: Server) -> None:
    server.start()
    server.wait(120.0)
    server.tell("go")
    server.workflows.terminate("steps")
    child = server.workflows.current("child")
    assert child is not None
    assert child.status is Status.TERMINATED


def test_a_cancelled_workflow_ends_as_such(server: Server) -> None:
    run = server.start()
    server.wait(30.0)
    server.workflows.cancel("steps")
    server.wait(1.0)
    assert run.status is Status.CANCELED


def test_a_server_that_is_away_tells_nothing_until_it_is_back(server: Server) -> None:
    server.start()
    server.wait(10.0)
    server.world.server_down_until = server.loop.time() + 3600.0
    server.wait(3000.0)
    assert server.said == ["worked 10"]
    server.wait(700.0)
    assert server.said[-1].startswith("slept until 13:0")


def test_an_id_is_used_again_as_its_policy_says(server: Server) -> None:
    begun = server.start()
    with pytest.raises(WorkflowAlreadyStartedError):
        server.start()
    assert server.start(conflict=WorkflowIDConflictPolicy.USE_EXISTING) is begun
    anew = server.start(conflict=WorkflowIDConflictPolicy.TERMINATE_EXISTING)
    assert (begun.status, anew.status) == (Status.TERMINATED, Status.RUNNING)
    server.workflows.terminate("steps")
    with pytest.raises(WorkflowAlreadyStartedError):
        server.start(reuse=WorkflowIDReusePolicy.REJECT_DUPLICATE)
    again = server.start(reuse=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY, signal=("note", packed(["at once"])))
    server.wait(120.0)
    assert again.query("said")[-2] == "heard at once forgotten 1"


def test_examples_are_what_they_seem() -> None:
    assert asyncio.run(work(3)) == 30
    assert Child.__name__ == "Child"
