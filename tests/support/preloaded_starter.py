"""`starter.py` in a process of its own per command, without the second that an interpreter takes to import it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from tests.support.preloaded import ROOT, Preloaded

STARTER = str(ROOT / "starter.py")


def run(
    arguments: Sequence[str], environment: Mapping[str, str], limit: float, entry: str = STARTER
) -> subprocess.CompletedProcess[str]:
    """Run a command line to its end, `starter.py` unless another entry is given.

    Raises:
        subprocess.TimeoutExpired: it did not end within `limit` seconds; it was killed.
    """
    argv = [entry, *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = Preloaded(argv, environment, (out, err), grace=0)
        assert process.stdin is not None
        with process.stdin:
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                process.stdin.close()
                process.wait()
                raise subprocess.TimeoutExpired(argv, limit, _text(out), _text(err)) from None
        return subprocess.CompletedProcess(argv, code, _text(out), _text(err))


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()
