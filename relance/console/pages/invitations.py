"""*Invitations*: found by their own id, by user or by contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from relance import ids
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.domain.invitations.invitation import Invitation
from relance.ports.console import Topic
from relance.services.explaining import EVER
from relance.wording.explain import explain_plan

PLANS_SHOWN, ENTRIES_SHOWN = 6, 200
NOTHING: Final[Mapping[str, Any]] = {
    "user": None, "contact": None, "plans": [], "entries": [], "more": 0, "sizes": 0, "unreadable": None
}  # fmt: skip


async def _found(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    found = await _asked(needs, params["q"])
    ids_shown = [entry.id for entry in found["entries"]]
    failures = await needs.data.intake_messages.failures_of(ids_shown, EVER) if ids_shown else []
    return {**found, "reported": {failure.invitation_id for failure in failures}}


async def _asked(needs: ConsoleNeeds, wanted: str) -> Mapping[str, Any]:
    if not wanted:
        return {**NOTHING, "q": "", "asked": False}
    if ids.is_invitation_id(wanted):
        entry = await needs.data.ledger.get(wanted)
        key = ids.parse_invitation_id(wanted)
        found = {**await _contact(needs, key.contact_id), "entries": [entry] if entry is not None else []}
        return {**NOTHING, **found, "q": wanted, "asked": True}
    found = await _user(needs, wanted)
    if found["user"] is None and not found["plans"]:
        found = await _contact(needs, wanted)
    unreadable = None
    if found == NOTHING:
        unreadable = await _unreadable(needs, wanted)
    return {**NOTHING, **found, "q": wanted, "asked": True, "unreadable": unreadable}


async def _user(needs: ConsoleNeeds, user_id: str) -> dict[str, Any]:
    data, now = needs.data, needs.clock.now()
    user = (await data.users.by_ids([user_id])).get(user_id)
    plans = (await data.plans.of_user(user_id))[:PLANS_SHOWN]
    entries: list[Invitation] = []
    for plan in plans:
        entries += (await data.ledger.of_users(plan.period, [user_id])).get(user_id, [])
    explained = [(plan, explain_plan(plan, now)) for plan in plans]
    size = (await data.contacts.sizes([user_id])).get(user_id, 0)
    return {**NOTHING, "user": user, "plans": explained, **_cut(entries), "sizes": size}


async def _contact(needs: ConsoleNeeds, contact_id: str) -> dict[str, Any]:
    contact = (await needs.data.contacts.by_ids([contact_id])).get(contact_id)
    return {**NOTHING, "contact": contact, **_cut(await needs.data.ledger.of_contact(contact_id))}


def _cut(entries: Sequence[Invitation]) -> dict[str, Any]:
    return {"entries": list(entries[:ENTRIES_SHOWN]), "more": max(0, len(entries) - ENTRIES_SHOWN)}


async def _unreadable(needs: ConsoleNeeds, name: str) -> str | None:
    for collection in ("users", "contacts"):
        if await needs.data.quarantine.named(collection, name) is not None:
            return collection
    return None


PAGE = ConsolePage(
    name="invitations",
    path="/invitations",
    template="invitations/search.html",
    regions=(Region("found", "invitations/found.html", _found, frozenset({Topic.INTAKE}), every=5.0),),
    query=("q",),
)
