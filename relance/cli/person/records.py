"""`person records`: who was forgotten when, without saying who it was."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table

MOST = 1000


async def records(
    run: Run, *, limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="How many, newest first.")] = 50
) -> Answer:
    """List the records of erasures: when, by whom, why, how much. They hold no personal data."""
    async with run.database() as database:
        found = await database.erasures.listed(limit)
    data = [each.model_dump(mode="json", by_alias=True, exclude={"work", "subject"}) for each in found]
    rows = [
        (each.id, each.at, each.scope.value, each.by, each.reason, sum((each.found or {}).values()), each.done_at)
        for each in found
    ]
    columns = ("record", "asked", "by", "who decided", "why", "documents", "done")
    return Answer({"records": data}, table("Erasures", columns, rows))
