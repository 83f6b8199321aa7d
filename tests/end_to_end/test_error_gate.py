"""What stops a cycle by itself, with several processes and with a relay that cannot be trusted (SPEC C10)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from relance.contracts.cycle import CycleOptions
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Refuse, SmtpStage
from relance.domain.alerts.model import AlertState, Rule
from relance.domain.cycle.control import ControlState
from tests.support import preloaded
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people
from tests.support.smtp_relay import CERTIFICATE, Relay

USERS, CONTACTS = 20, 5
MAILS = USERS * CONTACTS
CANARY = 20
SMALL_CANARY = {
    "RELANCE_ERROR_GATE__CANARY": str(CANARY),
    "RELANCE_ERROR_GATE__SIZE": "50",
    # So few that one process cannot take every batch.
    "RELANCE_WORKER__ACTIVITIES": "2",
}
OPTIONS = CycleOptions(batch_users=4, batches_in_flight=5)

Start = Callable[..., Awaitable[Relay]]


async def paused(installation: Installation) -> str:
    """Wait until the cycle is paused; return the reason."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while (control := await installation.database.controls.get(PERIOD)).state is not ControlState.PAUSED:
            await asyncio.sleep(0.1)
    assert control.by == "error gate"
    return control.reason


async def processes_of_canary(installation: Installation, seen: set[str]) -> None:
    """Note which processes asked for mails of the canary."""
    while True:
        for state in await installation.database.raw.errorGates.find().to_list(None):
            seen |= {one["process"] for one in state.get("underWay", [])}
        await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_two_processes_send_one_canary_together(installation: Installation, mailbox: Mailbox) -> None:
    await mailbox.add_rule(Delay(stage=SmtpStage.RCPT, seconds=0.5))
    refusing = await mailbox.add_rule(Refuse(stage=SmtpStage.RCPT, code=550, text="5.1.1 user unknown"))
    await installation.load(*people(USERS, CONTACTS))
    await installation.start_worker(processes=2, environment=SMALL_CANARY)
    seen: set[str] = set()
    looking = asyncio.create_task(processes_of_canary(installation, seen))
    begun = time.monotonic()
    await installation.start_cycle(PERIOD, OPTIONS)
    reason = await paused(installation)
    took = time.monotonic() - begun
    looking.cancel()
    assert f"failed for good among the last {CANARY}" in reason
    assert len(seen) == 2
    [applied] = [rule["applied"] for rule in await mailbox.rules() if rule["rule"] == refusing]
    assert applied == CANARY
    # Who waits for the canary asks twice a second, and does not keep the database busy.
    [state] = await installation.database.raw.errorGates.find().to_list(None)
    assert state["version"] <= 30 + 2 * 4 * took


@pytest.mark.slow
async def test_what_is_healthy_goes_through_two_processes_and_one_bad_address_book_stops_nothing(
    installation: Installation, mailbox: Mailbox
) -> None:
    await mailbox.add_rule(Refuse(stage=SmtpStage.RCPT, code=550, text="5.1.1 user unknown", recipient="u3c*"))
    users, contacts = people(USERS, CONTACTS)
    await installation.load(users, contacts)
    await installation.start_worker(processes=2, environment=SMALL_CANARY)
    result = await (await installation.start_cycle(PERIOD, OPTIONS)).result()
    assert (result.sent, sum(result.failed.values()), result.balance) == (MAILS - CONTACTS, CONTACTS, 0)


async def shared_by(installation: Installation, processes: int) -> None:
    """Wait until each of so many processes has told of itself twice since all of them were there."""
    reports = installation.database.workers
    begun: datetime | None = None
    told: dict[str, set[datetime]] = {}
    async with asyncio.timeout(PATIENCE_S):
        while begun is None or len(told) < processes or any(len(times) < 3 for times in told.values()):
            alive = await reports.alive(datetime.now(UTC) - timedelta(minutes=1))
            begun = begun or (datetime.now(UTC) if len(alive) == processes else None)
            for one in alive:
                if begun is not None and one.at > begun:
                    told.setdefault(one.worker, set()).add(one.at)
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_two_processes_share_the_connections_that_the_relay_allows(
    installation: Installation, start: Start
) -> None:
    relay = await start()
    relay.pause = 0.05
    await installation.load(*people(USERS, CONTACTS))
    settings = {
        **SMALL_CANARY,
        "RELANCE_MAIL__HOST": "127.0.0.1",
        "RELANCE_MAIL__PORT": str(relay.port),
        "RELANCE_MAIL__CONNECTIONS": "5",
        "RELANCE_HEALTH__REPORT_EVERY": "PT0.2S",
    }
    await installation.start_worker(processes=2, environment=settings)
    await shared_by(installation, 2)
    result = await (await installation.start_cycle(PERIOD, OPTIONS)).result()
    assert (result.sent, len(relay.mails)) == (MAILS, MAILS)
    assert relay.most_open == 5


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts relays that offer what the test says."""
    async with AsyncExitStack() as stack:

        async def run(*, starttls: bool = False, tls: bool = False) -> Relay:
            relay = Relay(starttls=starttls, tls=tls)
            await stack.enter_async_context(await relay.start())
            stack.callback(relay.hang_up)
            return relay

        yield run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "offers", "code"),
    [
        ("starttls", {}, "not-offered"),
        ("starttls", {"starttls": True}, "tls"),
        ("tls", {"tls": True}, "tls"),
    ],
)
async def test_a_relay_that_cannot_be_trusted_pauses_the_cycle_until_it_is_mended_and_resumed(
    installation: Installation, start: Start, mode: str, offers: dict[str, bool], code: str
) -> None:
    relay = await start(**offers)
    settings = {"RELANCE_MAIL__HOST": "127.0.0.1", "RELANCE_MAIL__TLS": mode, "RELANCE_MAIL__PORT": str(relay.port)}
    await installation.load(*people(2, 3))
    worker = await installation.start_worker(environment=settings)
    cycle = await installation.start_cycle(PERIOD, OPTIONS)
    reason = await paused(installation)
    assert reason.startswith(f"nothing can be sent with our own configuration ({code}): check RELANCE_MAIL__")
    [alert] = await installation.database.raw.alerts.find({"rule": Rule.CYCLE_STOPPED}).to_list(None)
    assert (alert["severity"], alert["state"]) == ("critical", AlertState.FIRING)
    assert "mail" not in relay.commands
    assert (await installation.statistics(PERIOD)).sent == 0
    await worker.stop()
    # The certificate is one that this machine trusts, of a relay that offers what is asked for.
    mended = relay if offers else await start(starttls=True)
    trusted = {
        "RELANCE_MAIL__PORT": str(mended.port),
        "SSL_CERT_FILE": str(CERTIFICATE),
        "RELANCE_MAIL__HOST": "localhost",
    }
    await installation.start_worker(environment={**settings, **trusted})
    await asyncio.to_thread(preloaded.server)
    exit_code, resumed, errors = await starter(installation, "cycle", "resume", PERIOD, "--by", "ann")
    assert exit_code == 0, (resumed, errors)
    assert resumed["state"] == "running"
    result = await cycle.result()
    assert (result.sent, result.balance, len(mended.mails)) == (6, 0, 6)
