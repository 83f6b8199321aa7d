"""What every benchmark asks on its command line, and how it tells people of its progress and its figures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from relance.runtime import process_exit


def parser_of(module: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser with `--json`."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{module}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def say(text: str) -> None:
    """Tell a person how far it is."""
    print(text, file=sys.stderr, flush=True)


def run_and_print(measure: Callable[[], Awaitable[Mapping[str, Any]]], *, as_json: bool) -> None:
    """Measure, print the figures as the last thing, and leave."""

    async def run() -> int:
        figures = await measure()
        width = max(map(len, figures), default=0)
        table = "\n".join(f"{name:>{width}}  {value}" for name, value in figures.items())
        print(json.dumps(figures) if as_json else table)
        return process_exit.DONE

    process_exit.run(run)
