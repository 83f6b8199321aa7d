"""Thousands of firings of one group within a minute, as a rule gone wild would fire them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from relance.devstack.chat.client import Chat
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.failures import Severity
from tests.faults.group_time import GroupTime
from tests.faults.storm.told import WebhookMessage, most_per_interval, told
from tests.support.installation import Installation

GROUP = Rule.DEFAULT_LP
AT_ONCE = 16
REPEATED_EVERY = 10
"""Each tenth firing is about what fired before."""
AFTERWARDS, STEP = timedelta(hours=6), timedelta(minutes=15)
MOST_PER_INTERVAL, MEMORY_MB = 2, 512
_NUMBER = re.compile(r"Offer (\d{5})\b")


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of it; the seconds are real ones.

    `behind_s` is the most any firing came later than planned, `first_message_s` from the first firing to the first
    message, `caught_up_s` from the last firing until its group had worked off everything.
    """

    firings: int
    distinct: int
    stored: int
    suppressed: int
    messages: list[WebhookMessage]
    behind_s: float
    first_message_s: float
    caught_up_s: float
    peak_rss_mb: float

    @property
    def alerts_told(self) -> int:
        """How many different alerts the rows of the messages are about."""
        return len({_NUMBER.findall(row)[0] for message in self.messages for row in message.rows})

    @property
    def problems(self) -> list[str]:
        """What was not as it must be."""
        found = []
        if (most := most_per_interval(self.messages)) > MOST_PER_INTERVAL:
            found.append(f"storm: {most} messages within 15 minutes")
        if not self.alerts_told == self.stored == self.distinct:
            found.append(f"storm: {self.distinct} fired, {self.stored} stored, {self.alerts_told} told")
        if len({message.key for message in self.messages}) < len(self.messages):
            found.append("storm: a message was told twice")
        if self.peak_rss_mb > MEMORY_MB:
            found.append(f"storm: the worker took {self.peak_rss_mb:.0f} MB")
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "firings": self.firings,
            "fired": self.stored,
            "alerts_told": self.alerts_told,
            "suppressed": self.suppressed,
            "messages": len(self.messages),
            "messages_max_per_interval": most_per_interval(self.messages),
            "titles": [f"{message.title}: {len(message.rows)}" for message in self.messages],
            "firings_behind_s": round(self.behind_s, 2),
            "first_message_s": round(self.first_message_s, 2),
            "caught_up_s": round(self.caught_up_s, 2),
            "peak_rss_mb": round(self.peak_rss_mb, 1),
        }


async def rage(installation: Installation, chat: Chat, firings: int, span_s: float) -> Storm:
    """Fire, evenly over a span of real time, then move the group through time until all is told and repeated."""
    group = GroupTime(installation, GROUP)
    numbers = [n - n % REPEATED_EVERY if n % REPEATED_EVERY == REPEATED_EVERY - 1 else n for n in range(firings)]
    begun = datetime.now(UTC)
    behind_s = await _fire(installation, numbers, span_s)
    fired_by = time.monotonic()
    await group.idle()
    caught_up_s = time.monotonic() - fired_by
    end = group.now() + AFTERWARDS
    while group.now() < end:
        await group.passes(STEP)
    posted = await chat.messages()
    messages = told(posted, GROUP)
    stored = await installation.database.raw.alerts.find({"group": GROUP}, {"history.event": 1}).to_list(None)
    return Storm(
        firings=firings,
        distinct=len(set(numbers)),
        stored=len(stored),
        suppressed=sum(entry["event"] == "suppressed" for one in stored for entry in one["history"]),
        messages=messages,
        behind_s=behind_s,
        first_message_s=(min(one.time for one in posted if one.key == messages[0].key) - begun).total_seconds(),
        caught_up_s=caught_up_s,
        peak_rss_mb=max(worker.measure() for worker in installation.workers),
    )


async def _fire(installation: Installation, numbers: list[int], span_s: float) -> float:
    desk = installation.desk()
    begun, pace = time.monotonic(), span_s / len(numbers)
    waiting: Iterator[tuple[int, int]] = iter(enumerate(numbers))
    behind = [0.0]

    async def some() -> None:
        for position, number in waiting:
            planned = begun + position * pace
            await asyncio.sleep(max(0.0, planned - time.monotonic()))
            behind.append(time.monotonic() - planned)
            await desk.fire([_sighting(number)])

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return max(behind)


def _sighting(number: int) -> Condition:
    labels = {
        "landing_page": "Default",
        "offer": f"Offer {number:05}",
        "partner": f"Partner {number:05}",
        "match": "Default",
    }
    evidence = Evidence(value=Decimal(51 + number % 100), threshold=Decimal(50))
    return Condition(GROUP, GROUP, f"0.{number}.{number}", Severity.HIGH, labels, evidence)
