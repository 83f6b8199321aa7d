"""How a process ends, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PRELUDE = """
import asyncio, sys
from relance import errors
from relance.runtime import process_exit
from temporalio.client import Client
"""


def _python(code: str, *, timeout: float = 30) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PRELUDE + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.mark.parametrize(
    ("statement", "code", "sentence"),
    [
        ("return 0", 0, ""),
        ("return 1", 1, ""),
        (
            "raise errors.SettingsError('RELANCE_MAIL__PORT: not a number')",
            2,
            "error: RELANCE_MAIL__PORT: not a number\n",
        ),
        (
            "raise errors.InvalidInput('PERIOD', 'no month', 'write 2026-11')",
            2,
            "error: PERIOD: no month; write 2026-11\n",
        ),
        ("raise errors.DependencyUnavailable('mongo', 'no primary')", 3, "error: mongo is unavailable: no primary\n"),
        ("raise errors.ReportUnavailable('Everflow', '503')", 3, "error: Everflow is unavailable: 503\n"),
        ("raise errors.ReportRefused('wrong key', 401)", 1, "error: wrong key\n"),
        (
            "raise errors.ReportUnusable('dates', 'other days')",
            1,
            "error: the report cannot be used (dates): other days\n",
        ),
        ("raise ValueError('odd')", 1, "error: unexpected ValueError: odd\n"),
        ("raise ValueError('for alice@example.org')", 1, "error: unexpected ValueError: for [address]\n"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise BrokenPipeError", 141, ""),
    ],
)
def test_each_ending_has_its_code_and_one_sentence_at_most(statement: str, code: int, sentence: str) -> None:
    done = _python(f"async def main():\n    {statement}\nprocess_exit.run(main)")
    assert (done.returncode, done.stderr) == (code, sentence)


def test_a_temporal_server_that_is_not_there_is_an_unreachable_dependency() -> None:
    done = _python("async def main():\n    await Client.connect('127.0.0.1:1')\nprocess_exit.run(main)")
    assert done.returncode == 3
    assert done.stderr.startswith("error: Temporal is unavailable: ")
    assert len(done.stderr.splitlines()) == 1


def test_debug_shows_the_traceback_before_the_sentence() -> None:
    done = _python("async def main():\n    raise ValueError('odd')\nprocess_exit.run(main, debug=True)")
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1] == "error: unexpected ValueError: odd"


def test_what_was_printed_and_promised_is_out_before_the_process_leaves() -> None:
    done = _python(
        "process_exit.before_leaving(lambda: print('second'))\nprocess_exit.before_leaving(lambda: print('first'))\n"
        "import threading; threading.Thread(target=lambda: __import__('time').sleep(60)).start()\n"
        "async def main():\n    print('work', end=' ')\n    return 0\nprocess_exit.run(main)"
    )
    assert (done.returncode, done.stdout) == (0, "work first\nsecond\n")


def test_a_last_call_that_hangs_or_fails_holds_nothing_up() -> None:
    started = time.monotonic()
    done = _python(
        "import time\nprocess_exit.LAST_CALLS_LIMIT = 0.5\nprocess_exit.before_leaving(lambda: time.sleep(60))\n"
        "process_exit.before_leaving(lambda: 1 / 0)\nprocess_exit.terminate(0)"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(("flush", "code"), [(True, 141), (False, 0)])
def test_a_reader_that_goes_away_causes_no_noise(*, flush: bool, code: int) -> None:
    program = PRELUDE + f"async def main():\n    print('x' * 10, flush={flush})\n    return 0\nprocess_exit.run(main)"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(20) == code


def test_sigterm_and_sigint_end_the_wait_and_a_second_ctrl_c_ends_the_process() -> None:
    code = PRELUDE + (
        "from relance.runtime.shutdown import stop_requested\n"
        "async def main():\n    stop = stop_requested()\n    print('up', flush=True)\n    await stop.wait()\n"
        "    print('stopping', flush=True)\n    await asyncio.sleep(60)\n    return 0\nprocess_exit.run(main)"
    )
    for first in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            process.send_signal(first)
            assert process.stdout.readline() == "stopping\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
