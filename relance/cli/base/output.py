"""All output of the CLI: one JSON object for machines, tables and sentences for people, progress on the side."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from relance.cli.base.console import PlainConsole
from relance.cli.base.pulse import Pulse
from relance.runtime.printable import escaped_json


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say: `data` for `--json`, `view` for people, and the exit code."""

    data: Mapping[str, Any]
    view: RenderableType
    code: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command writes. With `--json` stdout holds the answer's one line and nothing else."""

    as_json: bool
    out: Console = field(default_factory=lambda: PlainConsole(stderr=False))
    side: Console = field(default_factory=lambda: PlainConsole(stderr=True))
    pulse: Pulse = field(default_factory=Pulse)

    @property
    def shown(self) -> Console:
        """Where a person looks: never stdout with `--json`."""
        return self.side if self.as_json else self.out

    def answer(self, answer: Answer) -> None:
        """Print the answer of a command."""
        if self.as_json:
            self.json(answer.data)
        else:
            self.out.print(answer.view)

    def json(self, data: Mapping[str, Any]) -> None:
        """Print one JSON object on one line."""
        sys.stdout.write(escaped_json(json.dumps(data, default=_plain, ensure_ascii=False)) + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Tell a person what is going on; never on stdout with `--json`."""
        self.shown.print(text)
        self.pulse.spoken()

    @contextmanager
    def progress(self, *, shown: bool = True) -> Iterator[Progress]:
        """Show progress bars while the block runs, redrawn ten times a second; they go to stderr with `--json`."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        # A file shows no progress bar before its end, so its reader gets the pulse.
        resting = self.pulse.resting() if self.shown.is_terminal else nullcontext()
        with resting, Progress(*columns, console=self.shown, disable=not shown) as progress:
            yield progress


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table for people; instants, durations and nothing are written out."""
    result = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        result.add_row(*(value if isinstance(value, Text) else cell(value) for value in row))
    return result


def cell(value: object) -> str:
    """Return a value as a person reads it: instants in UTC to the second, durations without microseconds."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, timedelta):
        return str(timedelta(seconds=round(value.total_seconds(), 1))).removesuffix("00000")
    return str(value)


def _plain(value: object) -> object:
    # Any model of pydantic's, whose import takes longer than most commands.
    if (dump := getattr(value, "model_dump", None)) is not None:
        return dump(mode="json")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)
