"""A real Postfix is the relay, and its log the look-up: workers are killed while it has mails it has not confirmed."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from relance.devstack import mailbox_server
from relance.devstack.samples import REFUSED_DOMAIN
from relance.devstack.stack import Given
from relance.domain.invitations.invitation import Verdict
from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.mail.postfix_server import Postfix, emptied, running_postfix
from tests.faults.rehearsal import rehearsed
from tests.faults.servers import Servers, restartable_servers

HELD_S = 1
"""Between the end of the data and the reply: each kill leaves about as many mails in doubt as there are connections."""

LOOKED_UP_AFTER_S = 3 * HELD_S
POSTQUEUE = "RELANCE_RELAY_LOG__POSTFIX_POSTQUEUE"


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """Start everything, with Postfix between the workers and the mailbox."""
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="relance-postfix-")))
        mailbox = await mailbox_server.start(folder)
        closing.push_async_callback(mailbox.stop)
        postfix = await closing.enter_async_context(
            running_postfix(folder / "postfix", mailbox.smtp, refused=REFUSED_DOMAIN, held_s=HELD_S)
        )
        given = Given(mailbox_smtp=mailbox.smtp, mailbox_http=mailbox.http)
        started = await closing.enter_async_context(restartable_servers(given=given))
        yield Servers(started.stack, started.mongo, started.temporal, _environment(postfix))


def _environment(postfix: Postfix) -> Mapping[str, str]:
    host, port = postfix.smtp
    return {
        "RELANCE_MAIL__HOST": host,
        "RELANCE_MAIL__PORT": str(port),
        "RELANCE_RELAY_LOG__KIND": "postfix",
        "RELANCE_RELAY_LOG__POSTFIX_LOG": str(postfix.log),
        POSTQUEUE: str(postfix.postqueue),
        "RELANCE_RELAY_LOG__WAIT": f"PT{LOOKED_UP_AFTER_S}S",
    }


async def disturb(run: Run) -> int:
    """Kill once in each of `kills` equal stretches of the mails; then wait until Postfix has handed everything on."""
    kills = 0
    async for _ in run.moments():
        run.installation.workers[-1].kill()
        kills += 1
        await run.installation.start_worker()
    await run.result()
    await emptied(Path(run.servers.environment[POSTQUEUE]))
    run.notes.figures["looked_up"] = await _settled_by_the_log(run)
    if not run.notes.figures["looked_up"]:
        run.notes.findings.append("no mail was in doubt: nothing was shown")
    return kills


async def _settled_by_the_log(run: Run) -> int:
    """Count the mails in doubt that the log has settled."""
    entries = await run.installation.entries(run.cycle.id.removeprefix("cycle/"))
    sure = {Verdict.ARRIVED, Verdict.ABSENT}
    return sum(doubt.verdict in sure for entry in entries.values() for doubt in entry.doubts)


POSTFIX_LIVE = rehearsed(
    "postfix-live",
    "a real Postfix takes the mails, and its log settles what killed workers leave in doubt (needs root and Postfix)",
    disturb,
    Arrangement(kills=3, users=40, contacts=8, resolver=True, servers=servers, confirmed_after_s=0),
)
