"""*Cycles*: every month in a line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from relance.console.answers import or_away
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.ports.console import Topic
from relance.services.cycle_listing import cycle_line, known_periods

SHOWN, MOST = 12, 120


async def _list(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    known = await known_periods(needs.data, MOST)
    shown = known[:SHOWN]
    fates, away = await or_away(asyncio.gather(*map(needs.watchers.fate, shown)))
    stands = fates if fates is not None else [None] * len(shown)
    lines = [await cycle_line(fate, needs.data, period) for fate, period in zip(stands, shown, strict=True)]
    return {"lines": lines, "older": len(known) - len(lines), "away": away}


PAGE = ConsolePage(
    name="cycles",
    path="/cycle",
    template="cycle/list.html",
    regions=(Region("list", "cycle/lines.html", _list, frozenset({Topic.CONTROL}), every=5.0),),
)
