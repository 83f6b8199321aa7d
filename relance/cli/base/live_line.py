"""Shows a `ProgressLine` while work is under way: a line of a terminal that is drawn anew, or plain lines in a file."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from relance.cli.base.line import ProgressLine

PLAIN_EVERY = 5.0
"""Seconds between two lines in a file, unless what matters most has changed."""
REDRAWN = 4
ECHOED = 3


class LiveLine:
    """A context manager; what is printed meanwhile stands above the line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._line: ProgressLine | None = None
        self._shown_at, self._shown = 0.0, ""
        self._live = Live(self, console=console, refresh_per_second=REDRAWN) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        elif self._line is not None and self._line.plain() != self._shown:
            self._tell(self._line)

    def show(self, line: ProgressLine) -> None:
        """Show this from now on."""
        changed = self._line is None or self._line.details[:1] != line.details[:1]
        self._line = line
        if self._live is None and (changed or time.monotonic() - self._shown_at >= PLAIN_EVERY):
            self._tell(line)

    def _tell(self, line: ProgressLine) -> None:
        self._shown_at, self._shown = time.monotonic(), line.plain()
        self._console.print(self._shown, soft_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the line, narrower than the terminal: `^C` is echoed behind it, and must not make it two."""
        if self._line is not None:
            text = self._line.fitted(options.max_width - ECHOED, time.monotonic() - self._began)
            yield Text(text, no_wrap=True, overflow="crop")
