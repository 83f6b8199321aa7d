"""`cycle list`: which periods there are, and how each stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Group

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.services.cycle_listing import cycle_line, known_periods
from relance.temporal.cycles import TemporalCycles

SHOWN, MOST = 12, 120
COLUMNS = (
    *("period", "state", "users waiting", "sent", "skipped", "failed", "uncertain", "cancelled", "open", "balance of"),
)


async def list_(
    run: Run,
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=MOST, help="Most periods shown, the newest first.")
    ] = SHOWN,
) -> Answer:
    """Show the periods there are, newest first: whether each is open, what was sent, who stopped it."""
    client = await run.temporal()
    cycles = TemporalCycles(client)
    async with run.database() as database:
        known = await known_periods(database, MOST)
        found = [asdict(await cycle_line(await cycles.fate(period), database, period)) for period in known[:limit]]
    if not found:
        said = "No cycle has been opened yet; `start cycle --dry-run` shows what this month's would send."
        return Answer({"cycles": [], "total": 0}, said)
    rows = [tuple(cycle[name] for name in _SHOWN) for cycle in found]
    parts: list[Any] = [table("Cycles (times in UTC)", COLUMNS, rows)]
    if len(known) > len(found):
        parts.append(f"… and {len(known) - len(found)} older: --limit shows them.")
    return Answer({"cycles": found, "total": len(known)}, Group(*parts))


_SHOWN = (
    *("period", "state", "plans_open", "sent", "skipped", "failed", "uncertain", "cancelled", "open", "balanced_at"),
)
