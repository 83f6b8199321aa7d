"""A cycle told something from the command line: sentences, exit codes, and what saying it twice does (SPEC C11)."""

from __future__ import annotations

import pytest

from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

PERIOD, NEVER = "2043-03", "2043-09"
FOR_GOOD = ("cancel", "rollback")
AGREED = ("--reason", "wrong template", "--yes")


@pytest.fixture(scope="module")
def waiting(terminal: Terminal, worker: WorkerProcess) -> str:
    """A period whose cycle waits for its first wave, years ahead."""
    assert worker.server.running
    refused = terminal.run("start", "cycle", "--period", PERIOD, "--json")
    assert (refused.code, refused.data["field"]) == (2, "--yes")
    assert "months ahead" in refused.data["error"]
    assert terminal.json("start", "cycle", "--period", PERIOD, "--yes")["state"] == "started"
    return PERIOD


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "rollback"])
def test_a_period_that_was_never_opened_is_wrong_usage(terminal: Terminal, verb: str) -> None:
    ended = terminal.run("cycle", verb, NEVER, "--reason", "known", *(["--yes"] if verb in FOR_GOOD else []))
    assert ended.code == 2
    assert ended.err.startswith("error: PERIOD: no")
    assert terminal.run("cycle", verb, "2043-13").code == 2


def test_a_reason_is_one_line_and_not_a_letter(terminal: Terminal) -> None:
    ended = terminal.run("cycle", "pause", PERIOD, "--reason", "x" * 201)
    assert ended.code == 2
    assert "--reason" in ended.err


def test_a_cycle_is_paused_and_resumed_and_says_who_did_it(terminal: Terminal, waiting: str) -> None:
    assert "runs already" in terminal.json("cycle", "resume", waiting)["message"]
    paused = terminal.json("cycle", "pause", waiting, "--by", "ann", "--reason", " relay   moves ")
    assert (paused["state"], paused["changed"], paused["by"], paused["reason"]) == (
        "paused",
        True,
        "ann",
        "relay moves",
    )
    assert paused["effective_s"] < 5
    again = terminal.run("cycle", "pause", waiting, "--by", "bob")
    assert again.code == 0
    assert "is paused already, by ann" in again.out
    assert "paused by ann: relay moves" in terminal.run("cycle", "status", waiting).out
    resumed = terminal.run("cycle", "resume", waiting, "--by", "bob")
    assert "runs, by bob" in resumed.out
    assert "Effective in" in resumed.out


def test_what_is_over_is_not_resumed_and_can_still_be_taken_back(terminal: Terminal, waiting: str) -> None:
    for verb in FOR_GOOD:
        no_reason = terminal.run("cycle", verb, waiting, "--yes", "--json")
        assert (no_reason.code, no_reason.data["field"]) == (2, "--reason")
        not_agreed = terminal.run("cycle", verb, waiting, "--reason", "wrong template", "--json")
        assert (not_agreed.code, not_agreed.data["field"]) == (2, "--yes")
        assert "for good" in not_agreed.data["error"]
    assert terminal.json("cycle", "status", waiting)["progress"]["control"]["state"] == "running"
    cancelled = terminal.json("cycle", "cancel", waiting, "--by", "ann", *AGREED)
    assert (cancelled["state"], cancelled["changed"]) == ("cancelled", True)
    report = terminal.json("cycle", "status", waiting, "--watch")
    assert (report["plans_open"], report["open"]) == (0, 0)
    again = terminal.json("start", "cycle", "--period", waiting)
    assert (again["state"], "was cancelled, by ann" in again["message"]) == ("cancelled", True)
    for verb in ("pause", "resume", "cancel"):
        ended = terminal.run("cycle", verb, waiting, "--reason", "late", *(["--yes"] if verb in FOR_GOOD else []))
        assert ended.code == 2
        assert "is over" in ended.err
    planned = terminal.json("cycle", "rollback", waiting, "--dry-run")
    assert (planned["dry_run"], planned["changes"], planned["already_sent"]) == (True, {}, [])
    done = terminal.json("cycle", "rollback", waiting, "--by", "ann", *AGREED)
    assert (done["state"], done["changes"], done["follow_ups"]) == ("rolled_back", {}, 0)
    started = terminal.run("start", "cycle", "--period", waiting)
    assert (started.code, "was rolled back, by ann" in started.out) == (0, True)
    assert "done already" not in started.out
    assert "was rolled back, by ann" in terminal.run("start", "cycle", "--period", waiting, "--dry-run").out
    [line] = [one for one in terminal.json("cycle", "list")["cycles"] if one["period"] == waiting]
    assert (line["state"], line["workflow"]) == ("rolled back", "completed")
