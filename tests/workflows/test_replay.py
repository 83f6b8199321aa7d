from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from relance.temporal.plugin import relance_plugin
from tests.workflows.conftest import ALL
from tests.workflows.histories import FOLDER

RECORDED = sorted(FOLDER.glob("*.json"))


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def test_every_workflow_has_a_recorded_history() -> None:
    # What a later version can do besides has a history of its own, `<workflow>.<what>.json`.
    assert {path.stem.partition(".")[0] for path in RECORDED} == {snake(workflow.__name__) for workflow in ALL}
    assert {snake(workflow.__name__) for workflow in ALL} <= {path.stem for path in RECORDED}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_run_that_began_with_earlier_code_goes_on_with_this_one(path: Path) -> None:
    replayer = Replayer(workflows=ALL, plugins=[relance_plugin()])
    await replayer.replay_workflow(WorkflowHistory.from_json(path.stem, path.read_text()))


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("monthly_cycle.paused_resumed", "control"),
        ("send_wave.paused_resumed", "control"),
        ("send_wave.paused_cancelled", "control"),
        ("follow_up.rolled_back", "stop"),
        ("follow_up.held", "wake"),
        ("follow_up.went_on", "wake"),
    ],
)
def test_histories_of_controlled_cycles_hold_what_they_are_named_for(name: str, signal: str) -> None:
    history = (FOLDER / f"{name}.json").read_text()
    assert f'"signalName": "{signal}"' in history


@pytest.mark.parametrize(
    "what", ['"core_local_activity"', '"run_steps_locally"', 'eventType": "EVENT_TYPE_ACTIVITY_TASK_COMPLETED']
)
def test_the_history_of_local_steps_holds_what_it_is_named_for(what: str) -> None:
    history = (FOLDER / "follow_up.local.json").read_text()
    payloads = [b64decode(data).decode() for data in re.findall(r'"data": "([^"]+)"', history)]
    assert any(what in text for text in (history, *payloads))


@pytest.mark.parametrize(
    "what", ["quiet_hours", '"route":"duty"', '"route":"desk"', "ChannelUnavailable", '"escalation"', '"details":true']
)
def test_the_history_of_a_routed_group_holds_what_it_is_named_for(what: str) -> None:
    history = (FOLDER / "alert.routed.json").read_text()
    payloads = [b64decode(data).decode() for data in re.findall(r'"data": "([^"]+)"', history)]
    assert any(what in text for text in (history, *payloads))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("follow_up.held", "held while the cycle is paused"),
        ("follow_up.continued", "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW"),
        ("follow_up.failed_step", "EVENT_TYPE_ACTIVITY_TASK_FAILED"),
        # An open run of 0.1, older than continue-as-new, that had been suggested and went on.
        ("follow_up.worn_by_a_pause", '"suggestContinueAsNew": true'),
    ],
)
def test_histories_of_follow_ups_hold_what_they_are_named_for(name: str, what: str) -> None:
    history = (FOLDER / f"{name}.json").read_text()
    payloads = [b64decode(data).decode() for data in re.findall(r'"data": "([^"]+)"', history)]
    assert any(what in text for text in (history, *payloads))


@pytest.mark.parametrize("name", ["alert.decided", "send_wave.decided"])
def test_histories_of_decisions_hold_the_forged_ones(name: str) -> None:
    history = (FOLDER / f"{name}.json").read_text()
    assert "2099-01-01" in str([b64decode(data) for data in re.findall(r'"data": "([^"]+)"', history)])
    assert re.search("look_up_decisions|look_up_control", history)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("monthly_cycle.unsent_*.json")), ids=lambda path: path.stem)
def test_histories_of_recorded_reasons_hold_them(path: Path) -> None:
    assert '"name": "record_unsent"' in path.read_text()


async def test_a_changed_order_of_commands_does_not_replay() -> None:
    history = (FOLDER / "send_wave.json").read_text().replace('"name": "boundaries"', '"name": "another"')
    replayer = Replayer(workflows=ALL, plugins=[relance_plugin()])
    with pytest.raises(Exception, match="Nondeterminism"):
        await replayer.replay_workflow(WorkflowHistory.from_json("send_wave", history))
