"""*People not read*: documents that cannot be read, what each costs, and reading one again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import Asked, ConsolePage, PageAction, Params, Redirect, Region, Show
from relance.domain.quarantine import SetAside, cost, fault_lines, remedy
from relance.errors import NotFound
from relance.ports.console import Topic
from relance.services.replanning import Replanning
from relance.temporal.cycles import TemporalCycles

SHOWN: Final = 100
PATIENCE_S: Final = 5.0
"""For how long a request waits for the plan of a user who can be read again."""


async def _list(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    counts = await needs.data.quarantine.counts()
    shown = await needs.data.quarantine.page(None, params["after"], SHOWN)
    return {
        "counts": {name: count.count for name, count in counts.items()},
        "documents": [(document, fault_lines(document)) for document in shown],
        "after": shown[-1].key if len(shown) == SHOWN else "",
    }


async def _one(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    document = await _named(needs, params)
    return {
        "document": document,
        "path": f"/console/unread/{document.collection}/{document.name}",
        "faults": fault_lines(document),
        "cost": cost(document, needs.clock.now()),
        "remedy": remedy(document),
    }


async def _retry(needs: ConsoleNeeds, asked: Asked) -> Redirect | Show:
    document = await _named(needs, asked.params)
    replanning = Replanning(
        users=needs.data.users,
        plans=needs.data.plans,
        cycles=TemporalCycles(needs.client),
        max_late=needs.settings.scheduling.max_late,
        clock=needs.clock,
        patience=PATIENCE_S,
    )
    await replanning.reopen([document])
    reviewed = await needs.data.quarantine.review([document])
    if reviewed.broken:
        return Redirect(f"/unread/{document.collection}/{document.name}", "unread.broken")
    follows = await replanning.plan(reviewed.healed)
    return Show("unread/healed.html", {"document": document, "follows": follows.get(document.key, [])})


async def _named(needs: ConsoleNeeds, params: Params) -> SetAside:
    collection = params["collection"]
    found = None
    if collection in needs.data.quarantine.collections:
        found = await needs.data.quarantine.named(collection, params["document"])
    if found is None:
        raise NotFound("ID: this document is not set aside; it may be sound again, or gone")
    return found


LIST = ConsolePage(
    name="unread",
    path="/unread",
    template="unread/page.html",
    regions=(Region("list", "unread/list.html", _list, frozenset({Topic.QUARANTINE})),),
    query=("after",),
)
ONE = ConsolePage(
    name="unread_one",
    path="/unread/{collection}/{document}",
    template="unread/one.html",
    regions=(Region("one", "unread/document.html", _one, frozenset({Topic.QUARANTINE})),),
    actions=(PageAction("retry", _retry),),
    in_navigation=False,
    section="unread",
)
