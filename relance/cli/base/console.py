"""The console of the CLI: everything is text, nothing is markup, and no text steers the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from io import TextIOWrapper

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from relance.runtime.printable import printable

PIPE_WIDTH = 150


class PlainConsole(Console):
    """A console whose styles come from code alone.

    Names, reasons and messages of others may hold anything: `[/x]` must not end a style, nor an escape sequence clear
    the screen. Both are prevented here, where all text passes, so that no caller can forget it.
    """

    def __init__(self, *, stderr: bool) -> None:
        stream = sys.stderr if stderr else sys.stdout
        if isinstance(stream, TextIOWrapper):
            # A terminal that lacks a character gets its escape; the command was done and must not fail for it.
            stream.reconfigure(errors="backslashreplace")
        # A file or a pipe has no width of its own; tables should not be squeezed into 80 columns for its sake.
        width = None if stream.isatty() else PIPE_WIDTH
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments of a renderable, their texts without control characters."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)
