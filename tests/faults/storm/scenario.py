"""A storm of alerts and one that flaps: everybody hears of everything, in few messages (SPEC A3)."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from relance.devstack.chat.client import Chat
from relance.devstack.stack import Stack
from tests.faults.scenario import Say, Scenario, positive
from tests.faults.storm.flapping import Flapping, flap
from tests.faults.storm.storm import Storm, rage
from tests.support.installation import installed

SECRET = "whsec_" + "c3Rvcm0tc3Rvcm0tc3Rvcm0tc3Rvcm0t"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of both."""

    storm: Storm
    flapping: Flapping
    duration_s: float

    @property
    def problems(self) -> list[str]:
        """What was not as it must be."""
        return [*self.storm.problems, *self.flapping.problems]

    @property
    def holds(self) -> bool:
        """Whether all was told in few messages."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            **self.storm.as_dict(),
            "flapping": self.flapping.as_dict(),
            "problems": self.problems,
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


async def rehearse(firings: int, seconds: float, flapping: timedelta, say: Say) -> Report:
    """Run both, one after the other, with one worker."""
    begun = time.monotonic()
    say("starting Temporal, MongoDB, the chat and a worker")
    async with Stack() as stack, Chat(await stack.open_chat()) as chat:
        channels = {
            "RELANCE_CHANNELS__ALWAYS": "inbox,webhook",
            "RELANCE_CHANNELS__WEBHOOK_URL": f"{chat.url}/webhook/storm",
            "RELANCE_CHANNELS__WEBHOOK_SECRETS": SECRET,
        }
        async with installed(stack, "storm", channels) as installation:
            await installation.database.ensure_indexes()
            await installation.start_worker()
            say(f"{firings} firings of one group within {seconds:g} s")
            storm = await rage(installation, chat, firings, seconds)
            say(f"an alert that fires and clears every 30 s for {flapping}, time skipped")
            flapped = await flap(installation, chat, flapping)
    return Report(storm, flapped, time.monotonic() - begun)


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--firings", type=positive, default=5000, help="firings of one group")
    parser.add_argument("--seconds", type=positive, default=60, help="within which they fire")
    parser.add_argument("--minutes", type=positive, default=60, help="for which an alert flaps")


async def _run(arguments: Namespace, say: Say) -> Report:
    return await rehearse(arguments.firings, arguments.seconds, timedelta(minutes=arguments.minutes), say)


ALERT_STORM = Scenario(
    "alert-storm", "thousands of firings of one group in a minute, and an alert that comes and goes", _declare, _run
)
