"""A gateway that is killed under load, a Temporal that is away, and clients that say nothing (SPEC G1, G5)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from relance.contracts.follow_up import FollowedState
from relance.contracts.names import Query
from relance.devstack.processes import HOST
from relance.errors import DependencyUnavailable
from relance.ids import follow_up_workflow_id, parse_invitation_id
from tests.faults.gateway.site import Site

CLIENTS = 8
AGAIN_S = 0.05
PATIENCE_S = 240.0


@dataclass
class Storm:
    """What the application was answered, by message."""

    answers: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    stopped: bool = False

    async def say(self, site: Site, ids: list[str]) -> None:
        """Say one event per message until each has an answer, as an application does whose server is killed."""
        async with site.api() as api:
            for id_ in ids:
                while f"m-{id_}" not in self.answers:
                    try:
                        said = await api.send([{"event": "submitted", "invitationId": id_}], f"m-{id_}")
                    except DependencyUnavailable:
                        self.repeated += 1
                        await asyncio.sleep(AGAIN_S)
                    else:
                        self.answers[f"m-{id_}"] = json.dumps(said)


async def killed(site: Site, ids: list[str], kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill the gateway under load; return what was acknowledged and is missing, and what was counted twice."""
    storm = Storm()
    saying = [asyncio.create_task(storm.say(site, ids[number::CLIENTS])) for number in range(CLIENTS)]
    for kill in range(kills):
        # Evenly over the messages, each at a random moment.
        wanted = len(ids) * (kill + chance.random()) / kills
        async with asyncio.timeout(PATIENCE_S):
            while len(storm.answers) < wanted:
                await asyncio.sleep(0.005)
        await site.restart()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*saying)
    entries = await site.invitations(ids)
    missing = [one for one in ids if entries[one].status != "submitted"]
    first, before = storm.answers, {one: entries[one].submitted_at for one in ids}
    storm.answers = {}
    await storm.say(site, ids)
    after = await site.invitations(ids)
    taken = Counter(json.loads(one)[0]["answer"] for one in first.values())
    twice = sum(first[key] != storm.answers[key] for key in first)
    twice += sum(after[one].submitted_at != before[one] for one in ids)
    messages = await site.installation.database.raw.inbox.count_documents({})
    if missing or twice or taken["taken"] != len(ids):
        site.findings.append(f"killed: {len(missing)} missing, {twice} twice, answers {dict(taken)} for {len(ids)}")
    return {
        "kills": kills,
        "events": len(ids),
        "said_again": storm.repeated,
        "missing": len(missing),
        "twice": twice,
        "messages": messages,
    }


async def temporal_away(site: Site, ids: list[str], seconds: float) -> dict[str, Any]:
    """Say opt-outs while Temporal is away; their follow-ups hear of it afterwards."""
    worst, lost = 0.0, 0
    await site.servers.temporal.kill()
    begun = time.monotonic()
    async with site.api() as api:
        for number, id_ in enumerate(ids):
            asked = time.monotonic()
            [said] = await api.send([{"event": "opted_out", "invitationId": id_}])
            worst = max(worst, time.monotonic() - asked)
            lost += said["answer"] != "taken"
            due = begun + seconds * (number + 1) / len(ids)
            await asyncio.sleep(max(due - time.monotonic(), 0))
    entries = await site.invitations(ids)
    lost += sum(entries[one].status != "cancelled" for one in ids)
    waiting = (await site.installation.database.outbox.lag()).waiting
    await site.servers.temporal.start()
    back = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        while (await site.installation.database.outbox.lag()).waiting:
            await asyncio.sleep(0.1)
    drained = time.monotonic() - back
    unheard = sum([not await _has_heard(site, one) for one in ids])
    if lost or unheard:
        site.findings.append(f"Temporal away: {lost} lost, {unheard} follow-ups have not heard")
    return {
        "seconds": seconds,
        "events": len(ids),
        "lost": lost,
        "waiting_before_it_was_back": waiting,
        "unheard": unheard,
        "worst_answer_s": round(worst, 3),
        "drained_s": round(drained, 1),
    }


async def _has_heard(site: Site, id_: str) -> bool:
    key = parse_invitation_id(id_)
    handle = site.installation.client.get_workflow_handle(follow_up_workflow_id(key.period, key.user_id))
    steps = await handle.query(Query.STEPS, result_type=list[FollowedState])
    return any(one.contact_id == key.contact_id and one.ended is not None for one in steps)


async def silent(site: Site, connections: int, asked: int) -> dict[str, Any]:
    """Open connections that say nothing; the application is answered all the same."""
    opened = []
    for _ in range(connections):
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(5):
                opened.append(await asyncio.open_connection(HOST, site.settings.port or 0))
    answered, worst = 0, 0.0
    for _ in range(asked):
        begun = time.monotonic()
        # Whoever comes anew each time finds no connection that is open already.
        with contextlib.suppress(DependencyUnavailable):
            async with site.api() as api:
                await api.send([{"event": "opened", "invitationId": "2026-01.nobody.none"}])
                answered += 1
        worst = max(worst, time.monotonic() - begun)
    for _, writer in opened:
        writer.close()
    if answered < asked:
        site.findings.append(f"{asked - answered} of {asked} were not answered beside {len(opened)} silent connections")
    return {"silent": len(opened), "asked": asked, "answered": answered, "worst_answer_s": round(worst, 3)}
