"""*Effectiveness*: what reminders achieve, with intervals, from counts alone (SPEC R7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.domain.invitations.effectiveness import Effects, breakdown, count, in_order, overall
from relance.domain.invitations.proportions import wilson

PERIODS: Final = 6


async def _effects(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    found: Effects = {}
    now, effectiveness = needs.clock.now(), needs.data.effectiveness
    for period in (await effectiveness.periods())[:PERIODS]:
        async for group in effectiveness.groups(period, now):
            count(found, group)
    whole = overall(found.values())
    return {
        "rows": [(period, kind, effect.total) for (period, kind), effect in in_order(found).items()],
        "whole": [
            (kind, effect, breakdown(effect.by_hour), breakdown(effect.by_weekday)) for kind, effect in whole.items()
        ],
        "wilson": wilson,
        "held_out": needs.settings.scheduling.holdout_percent,
    }


PAGE = ConsolePage(
    name="effect",
    path="/effect",
    template="effect/page.html",
    regions=(Region("effects", "effect/effects.html", _effects, every=300.0),),
)
