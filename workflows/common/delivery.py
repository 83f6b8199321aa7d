"""Delivers one message: to every channel of `always`, and to the first of `order` that takes it (SPEC A5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.common.options import LOOK_UP, POST

with workflow.unsafe.imports_passed_through():
    from activities.alerts import AlertDelivery
    from relance.contracts.alerts import ChannelRoutes, Posted, PostInput
    from relance.contracts.names import ErrorType
    from relance.domain.alerts.delivery import Route
    from relance.domain.alerts.routing import AlertRoute, route_of_report
    from relance.wording.summaries import counted

DELIVERED, REPEATED = "delivered", "repeated"
TAKEN = {DELIVERED, REPEATED}
FOR_GOOD = {ErrorType.CHANNEL_REFUSED, ErrorType.CHANNEL_GONE}


class DeliveryResult(NamedTuple):
    """The result of a delivery: whether the message is done, and per channel `delivered`, `repeated` or why not."""

    done: bool
    outcomes: dict[str, str]


Send = Callable[[str], Awaitable[str]]
"""Hands the message to a channel; returns `delivered`, `repeated` or why not."""


async def channel_routes() -> ChannelRoutes:
    """Return the channels in use, and the routes to them."""
    return await workflow.execute_activity_method(AlertDelivery.ways, summary="look up the channels in use", **LOOK_UP)


async def routes_of_report(report: str) -> ChannelRoutes:
    """Return the channels that one of the reports goes to."""
    found = await channel_routes()
    route = route_of_report(found.routes, report)
    return found if route is None else by(route)


def by(route: AlertRoute) -> ChannelRoutes:
    """Return the channels of a route."""
    return ChannelRoutes(always=route.always, order=route.order)


async def notify(post: PostInput, routes: Sequence[Route], channels: ChannelRoutes) -> DeliveryResult:
    """Write a message about alerts to every channel that is to have it."""
    return await spread(lambda channel: send_to(post, channel), routes, channels)


async def spread(send: Send, routes: Sequence[Route], channels: ChannelRoutes) -> DeliveryResult:
    """Hand a message to every channel that is to have it.

    It is done with when somebody has it and no channel in line may still take it later: one that failed for good is
    replaced by the next, and with none left the ones that always get it are enough.
    """
    results = await asyncio.gather(*(send(name) for name in channels.always))
    outcomes = dict(zip(channels.always, results, strict=True))
    later = False
    for route in routes:
        tried = await _down_the_line(send, [name for name in _line(channels, route) if name not in outcomes])
        outcomes |= tried
        later |= not TAKEN.intersection(tried.values()) and not FOR_GOOD.issuperset(tried.values())
    return DeliveryResult(not later and not TAKEN.isdisjoint(outcomes.values()), outcomes)


async def send_report(report: str, outcomes: dict[str, str], send: Send) -> DeliveryResult:
    """Hand a report to the channels of its route that do not have it yet, and note in `outcomes` how they fared."""

    async def send_once(channel: str) -> str:
        return REPEATED if outcomes.get(channel) in TAKEN else await send(channel)

    result = await spread(send_once, (Route.FIRST,), await routes_of_report(report))
    outcomes |= result.outcomes
    return result


async def outcome_of(posting: Awaitable[Posted]) -> str:
    """Return how an activity that posts to a channel fared."""
    try:
        posted = await posting
    except ActivityError as error:
        cause = error.cause
        return (cause.type if isinstance(cause, ApplicationError) else None) or ErrorType.UNAVAILABLE
    return REPEATED if posted.repeated else DELIVERED


async def _down_the_line(send: Send, names: Sequence[str]) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for name in names:
        outcomes[name] = await send(name)
        if outcomes[name] in TAKEN:
            break
    return outcomes


async def send_to(post: PostInput, channel: str) -> str:
    """Hand a message about alerts to a channel; return how it fared."""
    what = "details" if post.details else str(post.telling)
    return await outcome_of(
        workflow.execute_activity_method(
            AlertDelivery.post,
            post.model_copy(update={"channel": channel}),
            summary=f"{what} of {counted(len(post.lines), 'alert')} to {channel}",
            **POST,
        )
    )


def _line(channels: ChannelRoutes, route: Route) -> Sequence[str]:
    # With one channel in line there is no second one to escalate to: it is said there.
    return channels.order if route is Route.FIRST else channels.order[1:] or channels.order
