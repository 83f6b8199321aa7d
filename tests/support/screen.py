"""A pseudo-terminal with a screen: a command runs in it, and every byte it prints is drawn as a person would see it."""

from __future__ import annotations

import fcntl
import os
import pty
import resource
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyte

ROWS, HISTORY = 50, 5000


@dataclass(frozen=True)
class Size:
    """How many columns and rows a terminal has."""

    columns: int = 120
    rows: int = ROWS


class Session:
    """A command that runs in a terminal of its own.

    `silence_s` is the longest time in which nothing new could be seen; `cpu_s` the processor time once it has ended.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: str, size: Size | None = None):
        self.size = size or Size()
        self._screen = pyte.HistoryScreen(self.size.columns, self.size.rows, history=HISTORY, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._raw = bytearray()
        self._began = self._heard = time.monotonic()
        self.silence_s = 0.0
        self.cpu_s = 0.0
        self.took_s = 0.0
        self.code: int | None = None
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            variables = {**environment, "TERM": "xterm-256color", "PYTHONUNBUFFERED": "1"}
            variables.pop("COLUMNS", None)
            # Whoever runs the tests in the background of a shell has it ignored.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execvpe(command[0], list(command), variables)
        self.resize(self.size)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def resize(self, size: Size) -> None:
        """Make the terminal wider or narrower, as a person does with a window."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._fd, 1 << 16)
            except OSError:
                # Linux's way of saying that the other side is closed.
                chunk = b""
            now = time.monotonic()
            with self._lock:
                self.silence_s, self._heard = max(self.silence_s, now - self._heard), now
                if not chunk:
                    return
                self._raw += chunk
                self._stream.feed(chunk)

    @property
    def lines(self) -> list[str]:
        """What can be read, with what has scrolled away; without empty lines at the end."""
        with self._lock:
            above = [_text(line, self.size.columns) for line in self._screen.history.top]
            shown = [*above, *(line.rstrip() for line in self._screen.display)]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    @property
    def raw(self) -> str:
        """Everything that was printed, as it was."""
        with self._lock:
            return self._raw.decode(errors="replace")

    def rest(self) -> None:
        """Forget how long it was silent: from now on nobody waits for it."""
        with self._lock:
            self.silence_s, self._heard = 0.0, time.monotonic()

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    @property
    def unwrapped(self) -> str:
        """The same, with lines that fill the terminal joined with the next one."""
        return "".join(line if len(line) == self.size.columns else f"{line}\n" for line in self.lines)

    def until(self, holds: Callable[[str], Any], limit_s: float) -> bool:
        """Wait until what is shown fulfils a condition; return whether it did in time."""
        deadline = time.monotonic() + limit_s
        while not holds(self.text):
            if time.monotonic() > deadline or (self.code is None and self._over()):
                return bool(holds(self.text))
            time.sleep(0.05)
        return True

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._fd, f"{text}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._fd, b"\x03")

    def wait(self, limit_s: float) -> int | None:
        """Wait for the end; return the exit code, None if it had to be killed after `limit_s` seconds."""
        deadline = time.monotonic() + limit_s
        while not self._over():
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                while not self._over():
                    time.sleep(0.02)
                self._reader.join(5)
                return None
            time.sleep(0.02)
        self._reader.join(5)
        return self.code

    def _over(self) -> bool:
        if self.code is not None:
            return True
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        self.took_s = time.monotonic() - self._began
        self.cpu_s = _seconds(used)
        self.code = os.waitstatus_to_exitcode(status)
        return True

    def close(self) -> None:
        """End what still runs and give the terminal back."""
        if self.code is None:
            self.wait(0)
        os.close(self._fd)


def _seconds(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _text(line: Any, columns: int) -> str:
    return "".join(line[column].data for column in range(columns)).rstrip()
