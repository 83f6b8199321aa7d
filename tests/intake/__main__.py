"""`python -m tests.intake [--json]`: the corpus through the mail intake; exit code 1 if a figure is missed."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console

from relance.adapters.mongo.connection import connect
from relance.cli.base.output import table
from relance.devstack import mongod
from relance.settings import Mongo
from tests.intake.examination import examine, figures
from tests.support.keys import PRIVACY

LEAST_UNDERSTOOD = 0.95


async def main() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        server = await mongod.start(Path(folder))
        database = connect(Mongo(uri=SecretStr(server.uri), database="intake"), PRIVACY)
        try:
            return figures(await examine(database))
        finally:
            await database.close()
            await server.stop()


def shown(found: dict[str, Any]) -> None:
    console = Console()
    console.print(
        table(
            "Mail intake",
            ("figure", "value"),
            [(name, found[name]) for name in ("messages", "wrong_contact", "hard_about_us", "understood")],
        )
    )
    console.print(
        table(
            "What it is, what it was read as",
            ("is", "read as", "messages"),
            [(one["is"], one["read_as"], one["count"]) for one in found["confusion"]],
        )
    )
    for line in found["not_understood"]:
        console.print(line)


if __name__ == "__main__":
    result = asyncio.run(main())
    if "--json" in sys.argv:
        print(json.dumps(result))
    else:
        shown(result)
    passed = not result["wrong_contact"] and not result["hard_about_us"] and result["understood"] >= LEAST_UNDERSTOOD
    sys.exit(0 if passed else 1)
