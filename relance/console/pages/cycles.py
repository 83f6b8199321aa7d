"""*Cycles*: every month in a line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.domain.cycle.coverage import CycleFate
from relance.errors import DependencyUnavailable
from relance.ports.console import Topic
from relance.services.cycle_listing import cycle_line, known_periods

SHOWN, MOST = 12, 120


async def _list(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    known = await known_periods(needs.data, MOST)
    shown, away = known[:SHOWN], None
    try:
        fates: Sequence[CycleFate | None] = await asyncio.gather(*map(needs.watchers.fate, shown))
    except DependencyUnavailable as error:
        fates, away = [None] * len(shown), error.dependency
    lines = [await cycle_line(fate, needs.data, period) for fate, period in zip(fates, shown, strict=True)]
    return {"lines": lines, "older": len(known) - len(lines), "away": away}


PAGE = ConsolePage(
    name="cycles",
    path="/cycle",
    template="cycle/list.html",
    regions=(Region("list", "cycle/lines.html", _list, frozenset({Topic.CONTROL}), every=5.0),),
)
