"""Every question that goes over a whole period or a whole collection, asked of a ledger of millions.

seconds      how long the answer took
commands     how many commands it took; by_ranges: more than ten, each over a bounded part
slowest_s    the slowest of them: one that outlasts RELANCE_MONGO__TIMEOUT (10 s) would be a lost connection
documents    documents the server looked at; keys: keys of indexes
scan         whether a command read a collection without an index
memory_mb    largest resident set of the asking process meanwhile

Exit code 1: a question that is not asked by ranges takes more than 5 s, a command takes more than 5 s, or more than
256 MB are needed. The data needs about 3 GB of disk, and is deleted at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks import ledger_data
from benchmarks.asking import Asked, Watching
from benchmarks.table import say
from benchmarks.whole_questions import QUESTIONS, Question
from relance.adapters.mongo.connection import Database, connect
from relance.devstack import mongod
from relance.runtime import process_exit
from relance.settings import Settings

CACHE_GB = "1"
DATABASE = "benchmark_aggregations"
LONGEST_S, MOST_MB = 5.0, 256.0
PATIENCE_S = 120.0
"""A command may outlast the limit here, so that what is too slow is measured and not cut off."""


async def measure(entries: int, only: str, *, keep: bool) -> dict[str, Any]:
    """Load the ledger, ask everything and return the figures."""
    async with _server() as uri, _opened(uri, keep=keep) as database:
        load_s = await _load(uri, database, entries)
        begun = time.monotonic()
        await database.ensure_indexes()
        index_s = time.monotonic() - begun
        say(f"indexes after {index_s:.0f} s")
        questions = [one for one in QUESTIONS if only in one.name]
        asked = {one.name: await _ask(database, one) for one in questions}
    too_much = sorted(name for name, one in asked.items() if too_slow(one))
    return {
        "entries": entries,
        "load_s": round(load_s, 1),
        "index_s": round(index_s, 1),
        "questions": {name: one.data() for name, one in asked.items()},
        "slowest_command_s": max((one.slowest_s for one in asked.values()), default=0.0),
        "memory_mb": max((one.memory_mb for one in asked.values()), default=0.0),
        "too_much": too_much,
    }


def too_slow(one: Asked) -> bool:
    """Tell whether a question costs more than it may."""
    return (one.seconds > LONGEST_S and not one.by_ranges) or one.slowest_s > LONGEST_S or one.memory_mb > MOST_MB


async def _ask(database: Database, question: Question) -> Asked:
    async with Watching(database) as watching:
        await question.ask(database)
    asked = watching.asked
    say(
        f"{question.name:<32} {asked.seconds:8.2f} s {asked.commands:6d} commands, slowest {asked.slowest_s:6.2f} s, "
        f"{asked.documents:>9} documents {asked.keys:>9} keys {'SCAN ' if asked.scan else ''}{asked.memory_mb:.0f} MB"
    )
    return asked


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    given = os.environ.get("RELANCE_MONGO__URI")
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        server = await mongod.start(Path(folder), cache_gb=CACHE_GB)
        try:
            yield server.uri
        finally:
            await server.stop()


@asynccontextmanager
async def _opened(uri: str, *, keep: bool) -> AsyncIterator[Database]:
    settings = Settings()
    mongo = settings.mongo.model_copy(update={"uri": SecretStr(uri), "database": DATABASE, "timeout": PATIENCE_S})
    Watching.begin()
    database = connect(mongo, settings.privacy)
    try:
        yield database
    finally:
        if not keep:
            await database.client.drop_database(DATABASE)
        await database.close()


async def _load(uri: str, database: Database, entries: int) -> float:
    if await database.raw.invitations.estimated_document_count() >= entries:
        say("the data of an earlier run is there")
        return 0.0
    begun = time.monotonic()
    await database.client.drop_database(DATABASE)
    await asyncio.to_thread(ledger_data.load, uri, DATABASE, entries, say)
    say(f"loaded {entries} entries in {time.monotonic() - begun:.0f} s")
    return time.monotonic() - begun


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.aggregations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--entries", type=int, default=200_000, help="invitations of the period (default %(default)s)")
    parser.add_argument("--only", default="", help="only the questions with this in their name")
    parser.add_argument("--keep", action="store_true", help="leave the data on the server for another run")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    if arguments.entries < ledger_data.CONTACTS * 2:
        parser.error(f"--entries: at least {ledger_data.CONTACTS * 2}")

    async def run() -> int:
        figures = await measure(arguments.entries, arguments.only, keep=arguments.keep)
        table = "\n".join(f"{name:>20}  {value}" for name, value in figures.items() if name != "questions")
        print(json.dumps(figures) if arguments.json else table)
        return process_exit.JOB_FAILED if figures["too_much"] else process_exit.DONE

    process_exit.run(run)


if __name__ == "__main__":
    main()
