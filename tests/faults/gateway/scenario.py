"""The gateway against strangers, scanners, crashes, outages and silence."""

from __future__ import annotations

import random
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Any

from benchmarks.people import plain_people
from tests.faults.gateway.site import FREELY, site_of
from tests.faults.gateway.storms import killed, silent, temporal_away
from tests.faults.gateway.strangers import followed_links, forged_tokens
from tests.faults.scenario import Say, Scenario, positive
from tests.faults.servers import restartable_servers
from tests.support.installation import installed

PERIOD = "2026-11"
CONTACTS = 20
ASKED = 20
GATEWAY_PORT = "RELANCE_GATEWAY__PORT"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of each part."""

    figures: dict[str, Any]
    findings: list[str]
    duration_s: float

    @property
    def holds(self) -> bool:
        """Whether nothing was accepted, lost or doubled that must not be."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        parts = self.figures
        return {
            **parts,
            "tokens_accepted": parts["forged"]["accepted"],
            "unsubscribed_by_a_get": parts["links"]["unsubscribed"],
            "acknowledged_missing": parts["killed"]["missing"],
            "counted_twice": parts["killed"]["twice"],
            "lost_without_temporal": parts["temporal_away"]["lost"] + parts["temporal_away"]["unheard"],
            "worst_answer_without_temporal_s": parts["temporal_away"]["worst_answer_s"],
            "unanswered_beside_silence": parts["silent"]["asked"] - parts["silent"]["answered"],
            "findings": self.findings,
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


async def rehearse(arguments: Namespace, say: Say) -> Report:
    """Send a cycle, then make the trouble on its invitations."""
    begun, chance = time.monotonic(), random.Random(arguments.seed)
    users = -(-arguments.mails // CONTACTS)
    say("starting Temporal, MongoDB, the mailbox, a worker")
    async with restartable_servers() as servers, installed(servers.stack, "gateway_faults", FREELY) as installation:
        await installation.load(*plain_people(users, CONTACTS))
        # The worker shares no port with the gateway: all that is asked, the gateway answers.
        port = installation.environment.pop(GATEWAY_PORT)
        await installation.start_worker()
        cycle = await installation.start_cycle(PERIOD)
        sent = (await cycle.result()).sent
        installation.environment[GATEWAY_PORT] = port
        figures: dict[str, Any] = {"sent": sent}
        async with site_of(servers, installation) as site:
            ids = [one["_id"] for one in await site.entries(PERIOD) if one["status"] == "sent"]
            say(f"{arguments.tokens} forged tokens")
            figures["forged"] = await forged_tokens(site, ids, arguments.tokens, chance)
            say(f"every link of {sent} mails, by GET and HEAD")
            figures["links"] = await followed_links(site)
            outage, storm = ids[: arguments.outage_events], ids[arguments.outage_events :]
            say(f"{arguments.kills} kills under load")
            figures["killed"] = await killed(site, storm, arguments.kills, chance)
            say(f"Temporal is away for {arguments.away} s")
            figures["temporal_away"] = await temporal_away(site, outage, arguments.away)
            say(f"{arguments.silent} silent connections")
            figures["silent"] = await silent(site, arguments.silent, ASKED)
            return Report(figures, site.findings, time.monotonic() - begun)


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--tokens", type=positive, default=10_000, help="tampered and foreign tokens")
    parser.add_argument("--mails", type=positive, default=1_000, help="mails whose links are followed")
    parser.add_argument("--kills", type=positive, default=5, help="kills of the gateway under load")
    parser.add_argument("--away", type=positive, default=60, help="seconds without Temporal")
    parser.add_argument("--outage-events", type=positive, default=100, help="events said meanwhile")
    parser.add_argument("--silent", type=positive, default=500, help="connections that say nothing")
    parser.add_argument("--seed", type=int, default=14, help="of what is left to chance")


GATEWAY = Scenario(
    "gateway",
    "forged tokens, links that scanners follow, kills under load, an outage of Temporal, silent connections",
    _declare,
    rehearse,
)
