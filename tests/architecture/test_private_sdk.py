"""Private names of the SDK stand in one module, and what they answer there is what the simulation builds on."""

from __future__ import annotations

import asyncio
import re

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from tests.architecture.sources import ROOT
from tests.support import private_sdk
from tests.support.patience import PATIENCE_S
from tests.support.private_sdk import Handler

HOME = "tests/support/private_sdk.py"
PRIVATE = re.compile(
    r"(from|import) temporalio[\w.]*\._"  # a private module
    r"|from temporalio[\w.]* import [^\n]*\b_\w"  # a private name
    r"|\b(workflow|activity|client|worker|temporalio)\._[A-Za-z]\w*"
    r"|__temporal_workflow|_deadlock_timeout|_logger_details"
)
FOLDERS = ("relance", "workflows", "activities", "composition", "benchmarks", "docs", "tests")


@workflow.defn(name="example", sandboxed=False)
class Example:
    """A workflow with everything the simulation asks about."""

    @workflow.init
    def __init__(self, start: int) -> None:
        self.heard = [start]

    @workflow.run
    async def run(self, start: int) -> str:
        return str(start)

    @workflow.signal(name="hear")
    def hear(self, number: int) -> None:
        self.heard.append(number)

    @workflow.query(name="all")
    def everything(self) -> list[int]:
        return self.heard


@activity.defn(name="double")
async def double(number: int) -> float:
    return 2.0 * number


def test_no_other_module_names_what_the_sdk_keeps_private() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in [*files, ROOT / "worker.py", ROOT / "starter.py"]
        if path not in {ROOT / HOME, ROOT / "tests/architecture/test_private_sdk.py"}
        for match in PRIVATE.finditer(path.read_text())
    }
    assert not found, f"only {HOME} may"


def test_the_module_itself_is_found() -> None:
    assert len(set(PRIVATE.findall((ROOT / HOME).read_text()))) > 3


def test_a_definition_says_what_the_decorators_noted() -> None:
    found = private_sdk.workflow_definition(Example)
    assert (found.name, found.arg_types, found.ret_type, found.takes_input) == ("example", [int], str, True)
    assert found.signals == {"hear": Handler(Example.hear, [int])}
    # The SDK adds queries of its own.
    assert found.queries["all"] == Handler(Example.everything, [])
    assert private_sdk.signal_name(Example.hear) == private_sdk.signal_name("hear") == "hear"
    known = private_sdk.activity_definition(double)
    assert (known.name, known.arg_types, known.ret_type) == ("double", [int], float)


def test_a_runtime_answers_what_it_knows_and_says_what_it_lacks() -> None:
    class Answers:
        def workflow_time_ns(self) -> int:
            return 5

        def workflow_info(self) -> object:
            return private_sdk.workflow_info(workflow_id="w")

        def workflow_is_replaying_history_events(self) -> bool:
            return False

    async def ask() -> tuple[int, str]:
        private_sdk.install_runtime(asyncio.get_running_loop(), private_sdk.runtime_of(Answers)())
        workflow.logger.info("the logger asks for details of the run")
        with pytest.raises(NotImplementedError, match="workflow_random"):
            workflow.random()
        return workflow.time_ns(), workflow.info().workflow_id

    with asyncio.Runner() as runner:
        assert runner.run(ask()) == (5, "w")


def test_an_answer_to_no_question_of_the_sdk_is_an_error() -> None:
    class Answers:
        def workflow_weather(self) -> str:
            return "sunny"

    with pytest.raises(AttributeError, match="workflow_weather"):
        private_sdk.runtime_of(Answers)


async def test_a_worker_waits_for_a_workflow_as_long_as_a_test_does(temporal_address: str) -> None:
    client = await Client.connect(temporal_address)
    worker = Worker(client, task_queue="private-sdk", workflows=[Example])
    assert worker._workflow_worker is not None
    assert worker._workflow_worker._deadlock_timeout_seconds == int(PATIENCE_S)
