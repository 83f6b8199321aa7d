"""The story of one invitation: every event, mail, reminder and decision, with its rule; and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relance import ids
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import COUNT_EVERY_S, ConsolePage, Params, Region
from relance.domain.console.story import story
from relance.errors import InvalidInput, NotFound
from relance.ports.console import Topic
from relance.services.explaining import EVER


async def _story(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    key = _key(params)
    name, data, now = params["invitation"], needs.data, needs.clock.now()
    explained = await needs.explaining.invitation(key)
    plan = (await data.plans.of_users(key.period, [key.user_id])).get(key.user_id)
    entry = explained.invitation
    reports = await data.intake_messages.reports_of([name], EVER)
    workflow = ids.follow_up_workflow_id(key.period, key.user_id, await data.ledger.part_of(name) or 0)
    return {
        "key": key,
        "entry": entry,
        "plan": plan,
        "sentences": explained.sentences,
        "events": story(entry, plan, reports) if entry is not None else [],
        "until": now,
        "user": (await data.users.by_ids([key.user_id])).get(key.user_id),
        "contact": (await data.contacts.by_ids([key.contact_id])).get(key.contact_id),
        "workflow": workflow,
        "follow_up_link": needs.temporal_link(workflow),
        "cycle_link": needs.temporal_link(ids.cycle_workflow_id(key.period)),
    }


def _key(params: Params) -> ids.InvitationKey:
    try:
        return ids.parse_invitation_id(params["invitation"])
    except InvalidInput as error:
        raise NotFound(str(error)) from None


PAGE = ConsolePage(
    name="invitation",
    path="/invitations/{invitation}",
    template="invitations/one.html",
    regions=(Region("story", "invitations/story.html", _story, frozenset({Topic.INTAKE}), every=COUNT_EVERY_S),),
    in_navigation=False,
    section="invitations",
)
