"""`doctor`: checks the settings and every connection, and says what to repair."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import typer
from rich.console import Group
from temporalio.client import Client

from relance.cli.base.command import Run, command, invalid, sentence_of
from relance.cli.base.output import Answer, cell, table
from relance.cli.mail.findings import template_rows
from relance.cli.operate.doctor_doors import INTAKE, LINKS, intake_findings, link_findings
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
from relance.cli.operate.doctor_trust import trust_findings
from relance.cli.operate.limits import SendingLimits, sending_limits
from relance.domain.alerts.reach import Reach, Reached, reached
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.keys import KeyRegister
from relance.domain.quarantine import listed
from relance.errors import RelanceError
from relance.ports import LogCoverage
from relance.runtime.key_admission import check
from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE
from relance.settings.keyring import Keyring
from relance.settings.unfit import settings_findings
from relance.temporal.findings import temporal_findings
from relance.wording.summaries import counted

PATIENCE, WITHOUT = 8.0, 0.3
"""Seconds: how long each check may take, all of them at once; and each probe of the health check without MongoDB."""
LOG_REACHES = timedelta(days=1)
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
    findings = [
        *settings_findings(run.settings),
        *template_rows(run.settings.mail),
        *trust_findings(run.settings.mongo),
    ]
    connecting = asyncio.ensure_future(_client(run))
    database = asyncio.ensure_future(_checked("MongoDB", lambda: _database(run)))
    found, ways_in, seen = await asyncio.gather(
        asyncio.gather(
            _checked("Temporal", lambda: _temporal(run, connecting)),
            database,
            _checked("mail relay", lambda: _relay(run)),
            _checked("relay log", lambda: _relay_log(run)),
            _checked("Everflow", lambda: _everflow(run)),
        ),
        asyncio.gather(_checked(LINKS, lambda: link_findings(run)), _checked(INTAKE, lambda: intake_findings(run))),
        _seen(run, connecting, database),
    )
    findings += [finding for some in [*found, *ways_in] for finding in some]
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


async def _checked(what: str, check: Callable[[], Awaitable[list[CheckFinding]]]) -> list[CheckFinding]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check()
    except TimeoutError:
        return [CheckFinding(what, FindingState.UNREACHABLE, f"no answer within {PATIENCE:g} s", _REMEDIES[what])]
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding; the other checks go on
        sentence, code = sentence_of(error)
        state = FindingState.UNREACHABLE if code == UNREACHABLE else FindingState.WRONG
        return [CheckFinding(what, state, sentence, _REMEDIES[what])]


_REMEDIES = {
    "Temporal": "start the server, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE",
    "MongoDB": "start the replica set, or set RELANCE_MONGO__URI",
    "mail relay": "start the relay, or set RELANCE_MAIL__HOST, __PORT, __TLS, __USERNAME, __PASSWORD",
    "relay log": "see RELANCE_RELAY_LOG__KIND and what belongs to it; the worker must be allowed to read it",
    LINKS: "see RELANCE_GATEWAY__PUBLIC_URL and RELANCE_MAIL__LINK_BASE",
    INTAKE: "start the gateway (worker.py --role gateway), or see RELANCE_INTAKE__HOST and __PORT",
    "Everflow": "see RELANCE_EVERFLOW__BASE_URL, __API_KEY, __TIMEZONE, __CURRENCY",
}


async def _temporal(run: Run, connecting: Awaitable[Client | RelanceError]) -> list[CheckFinding]:
    client = await connecting
    if isinstance(client, RelanceError):
        raise client
    return await temporal_findings(client, run.settings, run.services.clock.now())


async def _database(run: Run) -> list[CheckFinding]:
    async with run.database() as database:
        missing = await database.missing_indexes()
        register = await database.keys.read()
        states = await database.channel_states.all()
        unreadable = {name: count.count for name, count in (await database.quarantine.counts()).items()}
        limits = _limits(await sending_limits(run.settings, database, run.services.clock.now()))
    keys = [_ring(ring, register) for ring in run.settings.privacy.keyrings if ring.texts]
    readers = [_reader(channel) for channel in reached(run.settings.routes, states, run.settings.channels.fingerprint)]
    rest = [*keys, *readers, *limits]
    if missing:
        remedy = "run `starter.py bootstrap`"
        return [
            CheckFinding("MongoDB", FindingState.WRONG, f"indexes are missing: {', '.join(missing)}", remedy),
            *keys,
            *readers,
            *limits,
        ]
    fine = CheckFinding("MongoDB", FindingState.FINE, "a replica set with a primary; indexes are there")
    return [fine, *rest, _documents(unreadable)]


def _limits(found: SendingLimits) -> list[CheckFinding]:
    remedy = "run fewer processes, or raise RELANCE_MAIL__CONNECTIONS: each process has one connection at least"
    state, remedy = (FindingState.WARNING, remedy) if found.is_short else (FindingState.FINE, "")
    rests = f"left alone now: {found.resting}" if found.resting else "none is left alone now"
    return [
        CheckFinding("limits", state, found.relay, remedy),
        CheckFinding("limits of providers", FindingState.FINE, f"{found.providers}; {rests}"),
    ]


def _reader(found: Reached) -> CheckFinding:
    states = {Reach.TOLD: FindingState.FINE, Reach.UNTRIED: FindingState.WARNING, Reach.NOBODY: FindingState.WRONG}
    return CheckFinding(found.what, states[found.reach], found.detail, found.remedy)


def _documents(unreadable: Mapping[str, int]) -> CheckFinding:
    count = sum(unreadable.values())
    if not count:
        return CheckFinding("documents", FindingState.FINE, "none is known that cannot be read")
    remedy = "see `starter.py quarantine list`"
    return CheckFinding(
        "documents", FindingState.WARNING, f"{counted(count, 'document')} cannot be read: {listed(unreadable)}", remedy
    )


def _ring(ring: Keyring, register: KeyRegister) -> CheckFinding:
    found = check(ring, register)
    if found.reason is not None:
        return CheckFinding("keys", FindingState.WRONG, found.reason, "see `starter.py keys status`")
    listed = ", ".join(
        f"{fingerprint} (new)" if fingerprint in found.new else fingerprint for fingerprint in ring.fingerprints
    )
    return CheckFinding("keys", FindingState.FINE, f"{ring.setting}: {listed}; the first one writes, all are looked up")


async def _relay(run: Run) -> list[CheckFinding]:
    mail = run.settings.mail
    await run.services.check_relay(run.settings)
    return [CheckFinding("mail relay", FindingState.FINE, f"{mail.host}:{mail.port} greets us, TLS: {mail.tls}")]


async def _relay_log(run: Run) -> list[CheckFinding]:
    async with run.services.relay_log(run.settings) as log:
        if log is None:
            return [
                CheckFinding("relay log", FindingState.FINE, "none: invitations whose reply was lost are sent again")
            ]
        found = await log.coverage(run.services.clock.now() - LOG_REACHES)
    return [_log_coverage(found)]


def _log_coverage(found: LogCoverage) -> CheckFinding:
    read = f"{found.understood:,} of its newest {found.lines:,} lines are understood"
    if found.oldest is not None and found.newest is not None:
        read += f", from {cell(found.oldest)} to {cell(found.newest)}"
    if found.covers:
        return CheckFinding("relay log", FindingState.FINE, f"covers the last day: {read}")
    remedy = "keep rotated logs longer, see that the log is written, and check RELANCE_RELAY_LOG__POSTFIX_ZONE"
    if found.lines and not found.understood:
        remedy = "name the file into which Postfix writes: RELANCE_RELAY_LOG__POSTFIX_LOG"
    return CheckFinding(
        "relay log", FindingState.WARNING, f"does not cover the last day, so it is sure of nothing: {read}", remedy
    )


async def _everflow(run: Run) -> list[CheckFinding]:
    everflow = run.settings.everflow
    if everflow.api_key is None:
        return [CheckFinding("Everflow", FindingState.FINE, "no key: the partner desk's checks are not scheduled")]
    # A person does not wait for as long as a check would.
    hasty = everflow.model_copy(update={"timeout": min(everflow.timeout, PATIENCE)})
    async with run.services.reports(run.settings.model_copy(update={"everflow": hasty})) as reports:
        await reports.prepare()
    return [
        CheckFinding(
            "Everflow", FindingState.FINE, f"takes the key and knows {everflow.timezone} and {everflow.currency}"
        )
    ]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", EXAMPLES, keyless=True)(doctor)
