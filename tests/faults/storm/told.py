"""What people were told, counted from the messages themselves: when each says it is of, and which rows it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.devstack.chat.models import PostedMessage, Service

INTERVAL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One message as a signed webhook carries it: all of its rows, and the group's own time."""

    key: str
    at: datetime
    title: str
    rows: tuple[str, ...]


def told(posted: Sequence[PostedMessage], group: str) -> list[WebhookMessage]:
    """Return the messages about a group that arrived by webhook, in order."""
    return [
        WebhookMessage(one.key, datetime.fromisoformat(one.body["timestamp"]), data["title"], tuple(data["rows"]))
        for one in posted
        if one.service is Service.WEBHOOK and f"/{group}/" in one.key
        for data in [one.body["data"]]
    ]


def most_per_interval(messages: Sequence[WebhookMessage], interval: timedelta = INTERVAL) -> int:
    """Return the most messages in any interval, each counted from a message on."""
    instants = [message.at for message in messages]
    return max((sum(begin <= at < begin + interval for at in instants) for begin in instants), default=0)
