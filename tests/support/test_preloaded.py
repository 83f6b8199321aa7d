"""A forked entry is a process like any other: killed, refused, and gone with whoever wanted it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from relance.devstack.processes import free_port
from tests.support.keys import a_key
from tests.support.patience import PATIENCE_S
from tests.support.preloaded import ROOT, Preloaded
from tests.support.preloaded_starter import run

WORKER = str(ROOT / "worker.py")

OWNER = """
import json, os, sys
from tests.support.preloaded import Preloaded
process = Preloaded([sys.argv[1]], os.environ, (sys.stderr, sys.stderr), 0)
print(process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def waiting() -> dict[str, str]:
    """An environment in which a worker waits for its database longer than any test."""
    return {
        **os.environ,
        "RELANCE_MONGO__URI": f"mongodb://127.0.0.1:{free_port()}/?replicaSet=rs0",
        "RELANCE_MONGO__TIMEOUT": "600",
        "RELANCE_MAIL__REHEARSAL": "true",
        "RELANCE_PRIVACY__SUPPRESSION_KEY": a_key(),
        "RELANCE_PRIVACY__LINK_KEY": a_key(),
    }


def test_a_killed_process_has_the_exit_code_a_shell_would_see(waiting: dict[str, str]) -> None:
    with tempfile.TemporaryFile() as output:
        process = Preloaded([WORKER], waiting, (output, output), grace=0)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGKILL
        assert process.stdin is not None
        process.stdin.close()


def test_both_entries_read_their_own_arguments_and_environment(waiting: dict[str, str]) -> None:
    wrong = run(["--role", "none"], waiting, PATIENCE_S, WORKER)
    assert (wrong.returncode, "--role" in wrong.stderr) == (2, True)
    unfit = run([], {**waiting, "RELANCE_MAIL__PORT": "none"}, PATIENCE_S, WORKER)
    assert (unfit.returncode, "RELANCE_MAIL__PORT" in unfit.stderr) == (2, True)
    assert run(["--help"], waiting, PATIENCE_S).stdout.strip().startswith("Usage: starter.py")


def test_it_is_gone_when_whoever_wanted_it_was_killed(waiting: dict[str, str], tmp_path: Path) -> None:
    with (
        (tmp_path / "owner.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-c", OWNER, WORKER],
            env=waiting,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as owner,
    ):
        assert owner.stdout is not None
        process = psutil.Process(int(owner.stdout.readline()))
        assert process.is_running()
        owner.kill()
    psutil.wait_procs([process], timeout=PATIENCE_S)
    assert not process.is_running()
