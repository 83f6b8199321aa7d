"""The exit code is right every time (ARCHITECTURE section 4: a client's process may crash after its work)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.terminal import Ended, Terminal

RUNS = 50


@pytest.mark.slow
def test_fifty_runs_end_with_zero_fifty_times(terminal: Terminal) -> None:
    def one(_: int) -> Ended:
        return terminal.run("schedules", "list", "--json")

    with ThreadPoolExecutor(max_workers=2) as two_at_a_time:
        ended = list(two_at_a_time.map(one, range(RUNS)))
    assert [run.code for run in ended] == [0] * RUNS, [run.err for run in ended if run.code]
    assert all(run.data["schedules"] for run in ended)
    assert {run.err for run in ended} == {""}
