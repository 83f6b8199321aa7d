"""What people heard of one dependency, counted in the chat's own log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.devstack.chat.models import PostedMessage, Service

OVER = "✅"


@dataclass(frozen=True, slots=True)
class Heard:
    """The messages about one rule: those that something is wrong, and those that it is over."""

    alerts: Sequence[PostedMessage]
    resolutions: Sequence[PostedMessage]

    @property
    def first_at(self) -> datetime | None:
        """When people heard that something is wrong."""
        return min((one.time for one in self.alerts), default=None)

    @property
    def over_at(self) -> datetime | None:
        """When people heard that it is over."""
        return min((one.time for one in self.resolutions), default=None)


def heard(posted: Sequence[PostedMessage], rule: str, probe: str) -> Heard:
    """Return the messages about a rule, and those about an outage of its probe, that arrived by webhook."""
    own = [
        one
        for one in posted
        if one.service is Service.WEBHOOK and (f"/{rule}/" in one.key or one.key.startswith(f"outage/{probe}/"))
    ]
    titles = {one.n: str(one.body["data"]["title"]) for one in own}
    over = [one for one in own if titles[one.n].startswith(OVER)]
    return Heard([one for one in own if one not in over], over)
