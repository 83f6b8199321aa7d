from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import pytest

from tests.simulation.run import Report, simulate

SEEDS = range(1, 6)


@cache
def month_of_trouble(seed: int) -> Report:
    return simulate(seed, months=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_of_trouble_loses_nothing(seed: int) -> None:
    report = month_of_trouble(seed)
    assert report.violation == "", "\n".join(report.last)
    assert report.kills
    assert report.mails


def test_a_month_without_trouble_doubles_nothing() -> None:
    report = simulate(1, months=1, faults=False)
    assert (report.violation, report.duplicates, report.faults) == ("", 0, {})
    assert report.mails


def test_a_seed_gives_the_same_run_in_every_process() -> None:
    # Sets of texts have another order there; here other months went before.
    program = "from tests.simulation.run import simulate; print(simulate(5, 1).digest)"
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    command = [sys.executable, "-W", "ignore", "-c", program]
    environment = {**os.environ, "PYTHONHASHSEED": other}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == month_of_trouble(5).digest
