"""Delivers a message of a group by several routes, each with its own timing (SPEC A2, A5)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from temporalio import workflow

from workflows.common.delivery import REPEATED, TAKEN, DeliveryResult, by, send_to, spread

with workflow.unsafe.imports_passed_through():
    from relance.contracts.alerts import Delivery, PostInput
    from relance.domain.alerts.delivery import Deliver, MessageLine
    from relance.domain.alerts.group import AlertGroup
    from relance.domain.alerts.parting import RoutePart


class TakenRoutes(NamedTuple):
    """The channels that took a message."""

    sequence: int
    lines: tuple[MessageLine, ...]
    outcomes: dict[str, str]


@dataclass(slots=True)
class ByRoutes:
    """Sends each route its part, and remembers which channels took its newest message.

    A new run of the workflow starts without this memory, and may send a message once more.
    """

    taken: dict[str, TakenRoutes] = field(default_factory=dict)

    def numbered(self, part: RoutePart) -> RoutePart:
        """Return a part with the number of the message that it is: who took another one must not take it for that."""
        last, action = self.taken.get(part.route.name), part.action
        if last is None or last.sequence < action.sequence:
            return part
        another = last.lines != action.lines and not TAKEN.isdisjoint(last.outcomes.values())
        return replace(part, action=replace(action, sequence=last.sequence + another))

    async def notify(self, group: AlertGroup, part: RoutePart) -> DeliveryResult:
        """Write a part to the channels of its route; tried again, it is for those that have not taken it yet."""
        name, action = part.route.name, part.action
        last = self.taken.get(name)
        same = last is not None and (last.sequence, last.lines) == (action.sequence, action.lines)
        post = message(group, action, name)
        known = dict(last.outcomes) if last is not None and same else {}

        async def send(channel: str) -> str:
            return REPEATED if known.get(channel) in TAKEN else await send_to(post, channel)

        result = await spread(send, action.routes, by(part.route))
        self.taken[name] = TakenRoutes(action.sequence, action.lines, {**known, **result.outcomes})
        return result


def message(group: AlertGroup, action: Deliver, route: str = "") -> PostInput:
    """Return a message of a group, for a channel to be named."""
    return PostInput(
        channel="",
        group=group.group,
        opened_at=group.opened_at,
        sequence=action.sequence,
        telling=action.telling,
        lines=action.lines,
        at=action.at,
        route=route,
    )


def delivery(action: Deliver, result: DeliveryResult, route: str) -> Delivery:
    """Return how a message fared."""
    return Delivery(
        sequence=action.sequence,
        telling=action.telling,
        at=action.at,
        alerts=len(action.lines),
        outcomes=result.outcomes,
        route=route,
    )
