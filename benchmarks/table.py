"""How benchmarks of several runs print their figures, and what they all ask on their command line."""

from __future__ import annotations

import argparse
import json
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


def run_and_print(measure: Callable[[], Awaitable[Mapping[str, Any]]], *, as_json: bool) -> None:
    """Measure, print the figures as the last thing, and leave."""

    async def run() -> int:
        figures = await measure()
        width = max(map(len, figures), default=0)
        table = "\n".join(f"{name:>{width}}  {value}" for name, value in figures.items())
        print(json.dumps(figures) if as_json else table)
        return process_exit.DONE

    process_exit.run(run)
