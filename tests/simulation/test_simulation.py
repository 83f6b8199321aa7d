from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.simulation.run import simulate

SEEDS = range(1, 6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_of_trouble_loses_nothing(seed: int) -> None:
    report = simulate(seed, months=1)
    assert report.violation == "", "\n".join(report.last)
    assert report.kills
    assert report.mails


def test_a_month_without_trouble_doubles_nothing() -> None:
    report = simulate(1, months=1, faults=False)
    assert (report.violation, report.duplicates, report.faults) == ("", 0, {})
    assert report.mails


def test_a_seed_gives_the_same_run_in_every_process() -> None:
    digests = {_digest({"PYTHONHASHSEED": number}) for number in ("1", "2")}
    assert len(digests) == 1


def _digest(variables: Mapping[str, str]) -> str:
    program = "from tests.simulation.run import simulate; print(simulate(7, 1).digest)"
    command = [sys.executable, "-W", "ignore", "-c", program]
    run = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    return run.stdout.strip()
