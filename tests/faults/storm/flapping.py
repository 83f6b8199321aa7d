"""An alert that comes and goes every 30 seconds for an hour, in fast motion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from relance.devstack.chat.client import Chat
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence
from relance.domain.failures import Severity
from tests.faults.group_time import GroupTime
from tests.faults.storm.told import WebhookMessage, most_per_interval, told
from tests.support.installation import Installation

GROUP = "flapping-check"
PERIOD = timedelta(seconds=30)
AFTERWARDS, STEP = timedelta(hours=3), timedelta(minutes=10)
MOST_PER_INTERVAL = 2


@dataclass(frozen=True, slots=True)
class Flapping:
    """What came of it; `state` is that of the stored alert in the end."""

    fired: int
    messages: list[WebhookMessage]
    suppressed: int
    state: str

    @property
    def problems(self) -> list[str]:
        """What was not as it must be."""
        found = []
        if (most := most_per_interval(self.messages)) > MOST_PER_INTERVAL:
            found.append(f"flapping: {most} messages within 15 minutes")
        if len({message.key for message in self.messages}) < len(self.messages):
            found.append("flapping: a message was told twice")
        if not self.messages or "resolved" not in self.messages[-1].title or self.state != "resolved":
            found.append(f"flapping: it ended {self.state}, and the last of {len(self.messages)} messages is another")
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "fired": self.fired,
            "messages": len(self.messages),
            "messages_max_per_interval": most_per_interval(self.messages),
            "suppressed": self.suppressed,
            "titles": [message.title for message in self.messages],
        }


async def flap(installation: Installation, chat: Chat, span: timedelta) -> Flapping:
    """Fire and clear one alert for a span of its group's time, then wait until all is told and over."""
    time = GroupTime(installation, GROUP)
    desk = installation.desk(time)
    sighting = Condition(GROUP, GROUP, "flapping", Severity.HIGH, {}, Evidence())
    times = int(span / PERIOD)
    for _ in range(times):
        await desk.fire([sighting])
        await time.passes(PERIOD / 2)
        await desk.clear(GROUP, "flapping")
        await time.passes(PERIOD / 2)
    end = time.now() + AFTERWARDS
    while time.now() < end and await time.passes(STEP):
        pass
    stored = await installation.database.raw.alerts.find({"group": GROUP}).sort("firedAt", -1).to_list(None)
    return Flapping(
        fired=times,
        messages=told(await chat.messages(), GROUP),
        suppressed=sum(entry["event"] == "suppressed" for one in stored for entry in one["history"]),
        state=str(stored[0]["state"]) if stored else "missing",
    )
