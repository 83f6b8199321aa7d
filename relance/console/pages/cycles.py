"""*Cycles*: every month in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.ports.console import Topic
from relance.services.cycle_listing import cycle_line, known_periods
from relance.temporal.cycles import TemporalCycles

SHOWN, MOST = 12, 120


async def _list(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    cycles = TemporalCycles(needs.client)
    known = await known_periods(needs.data, MOST)
    lines = [await cycle_line(cycles, needs.data, period) for period in known[:SHOWN]]
    return {"lines": lines, "older": len(known) - len(lines)}


PAGE = ConsolePage(
    name="cycles",
    path="/cycle",
    template="cycle/list.html",
    regions=(Region("list", "cycle/lines.html", _list, frozenset({Topic.CONTROL}), every=5.0),),
)
