"""`doctor`: checks the settings and every connection, and says what to repair."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import typer
from rich.console import Group
from temporalio.client import Client

from relance.cli.base.command import Run, command, invalid, sentence_of
from relance.cli.base.output import Answer, table
from relance.cli.operate.doctor_health import ProbedHealth, data_of, is_wrong, seen_now, view_of
from relance.cli.operate.doctor_mail import (
    MailOption,
    MailOptions,
    MessageOption,
    ResolverOption,
    SelectorOption,
    SentFromOption,
    check_mail,
)
from relance.doctor.checks import PATIENCE, TEMPORAL, checked, of_settings, outside
from relance.doctor.database import MONGODB, database_findings
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.errors import RelanceError
from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE
from relance.temporal.findings import temporal_findings

WITHOUT = 0.3
"""Seconds each probe of the health check may take without MongoDB."""
EXAMPLES = """
starter.py doctor --json
starter.py doctor --mail --selector s1 --sent-from 203.0.113.7
starter.py doctor --mail --message received.eml
"""


async def doctor(
    run: Run,
    *,
    mail: MailOption = False,
    message: MessageOption = None,
    selector: SelectorOption = None,
    sent_from: SentFromOption = None,
    resolver: ResolverOption = None,
) -> Answer:
    """Check the settings and every connection; says for each what to mend. With --mail: what production mail needs.

    Exit code 0: all is well, 1: something is wrong, 3: a dependency is unreachable.
    """
    options = MailOptions(message, selector or (), sent_from or (), resolver or ())
    if mail:
        return await check_mail(run, options)
    if options != MailOptions():
        invalid("--mail", "the options --message, --selector, --sent-from and --resolver belong to it", "add --mail")
    connecting = asyncio.ensure_future(_client(run))
    database = asyncio.ensure_future(checked(MONGODB, lambda: _database(run), sentence_of))
    looks = outside(run.settings, run.services)
    found, seen = await asyncio.gather(
        asyncio.gather(
            checked(TEMPORAL, lambda: _temporal(run, connecting), sentence_of),
            database,
            *(checked(what, look, sentence_of) for what, look in looks.items()),
        ),
        _seen(run, connecting, database),
    )
    findings = [*of_settings(run.settings), *(finding for some in found for finding in some)]
    states = {finding.state for finding in findings} | ({FindingState.WRONG} if is_wrong(seen) else set())
    code = UNREACHABLE if FindingState.UNREACHABLE in states else JOB_FAILED if FindingState.WRONG in states else DONE
    rows = [(finding.what, finding.state, finding.detail, finding.remedy) for finding in findings]
    checks = [
        {"what": finding.what, "state": finding.state, "detail": finding.detail, "remedy": finding.remedy}
        for finding in findings
    ]
    view = Group(table("Doctor", ("what", "state", "detail", "to mend"), rows), view_of(seen))
    health = data_of(seen, run.services.clock.now())
    return Answer({"healthy": code == DONE, "checks": checks, "health": health}, view, code)


async def _client(run: Run) -> Client | RelanceError:
    try:
        return await run.temporal()
    except RelanceError as error:
        return error


async def _seen(
    run: Run, connecting: Awaitable[Client | RelanceError], database: Awaitable[list[CheckFinding]]
) -> list[ProbedHealth]:
    client, found = await asyncio.gather(connecting, database)
    away = any(finding.state is FindingState.UNREACHABLE for finding in found)
    return await seen_now(run, client if not isinstance(client, RelanceError) else None, WITHOUT if away else PATIENCE)


async def _temporal(run: Run, connecting: Awaitable[Client | RelanceError]) -> list[CheckFinding]:
    client = await connecting
    if isinstance(client, RelanceError):
        raise client
    return await temporal_findings(client, run.settings, run.services.clock.now())


async def _database(run: Run) -> list[CheckFinding]:
    async with run.database() as database:
        return await database_findings(run.settings, database, run.services.clock.now())


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", EXAMPLES, keyless=True)(doctor)
