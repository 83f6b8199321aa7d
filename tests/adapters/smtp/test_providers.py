"""One provider in trouble, seen by real conversations with the mailbox: the others must not notice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from relance.adapters.smtp.mailer import SmtpMailer
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Refuse, SmtpStage
from relance.errors import MailRefused
from relance.settings.pacing import Breaking, Pacing
from tests.adapters.smtp.conftest import Connect, a_letter
from tests.support.smtp_relay import Relay

Address: TypeAlias = tuple[str, int]
QUICK = {"put_off": timedelta(seconds=1), "pause": timedelta(seconds=1), "patience": 0.5}
NEVER_OPEN = Breaking(failures=1000)
TOO_FAST = Refuse(stage=SmtpStage.RCPT, recipient="*@gmail.com", code=421, text="4.7.28 unusual rate of mail", times=1)


@dataclass
class Run:
    """What became of a run's mails, by domain, and how long the lanes took."""

    sent: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    put_off: dict[str, list[timedelta]] = field(default_factory=dict)
    last_sent: dict[str, float] = field(default_factory=dict)
    last_put_off: float = 0.0
    seconds: float = 0.0


async def _run(mailer: SmtpMailer, domains: list[str], lanes: int = 8) -> Run:
    """Send a mail to each of these domains in this order, over so many lanes, as a batch does."""
    run, queue = Run(), list(enumerate(domains))[::-1]
    began = time.perf_counter()

    async def work() -> None:
        async with mailer.lane() as lane:
            while queue:
                number, domain = queue.pop()
                letter = a_letter(number, to=f"c{number}@{domain}")
                wait = await lane.acquire(letter.to_address)
                if wait is not None:
                    run.put_off.setdefault(domain, []).append(wait)
                    run.last_put_off = time.perf_counter() - began
                    continue
                try:
                    await lane.send(letter)
                except MailRefused:
                    run.refused[domain] += 1
                    continue
                run.sent[domain] += 1
                run.last_sent[domain] = time.perf_counter() - began

    await asyncio.gather(*(work() for _ in range(lanes)))
    run.seconds = time.perf_counter() - began
    return run


def _made(connect: Connect, smtp: Address, breakers: Breaking = NEVER_OPEN, **pacing: Any) -> SmtpMailer:
    return connect(Relay(port=smtp[1]), pacing=Pacing(**{**QUICK, **pacing}), breakers=breakers)


async def test_too_fast_pauses_and_slows_that_provider_only(
    mailbox: Mailbox, mailbox_smtp: Address, connect: Connect
) -> None:
    # Longer than the mails of the others take, also on a slow machine.
    pause = timedelta(seconds=4)
    mailer = _made(connect, mailbox_smtp, pause=pause)
    undisturbed = await _run(mailer, ["gmail.com", "post.example"] * 150)
    assert undisturbed.sent == {"gmail.com": 150, "post.example": 150}
    await mailbox.add_rule(TOO_FAST)
    disturbed = await _run(mailer, ["gmail.com", "post.example"] * 150)
    assert disturbed.sent["post.example"] == 150
    assert disturbed.sent["gmail.com"] < 30
    assert len(disturbed.put_off["gmail.com"]) > 100
    assert "post.example" not in disturbed.put_off
    # Full speed: half the mails fell away, so the rest is done no later than before.
    assert disturbed.last_sent["post.example"] < undisturbed.last_sent["post.example"] * 1.3
    # Measured: at half the rate it had, after the pause.
    rate = undisturbed.sent["gmail.com"] / undisturbed.last_sent["gmail.com"]
    await asyncio.sleep(pause.total_seconds())
    after = await _run(mailer, ["gmail.com"] * 60, lanes=4)
    sent = after.sent["gmail.com"]
    assert sent / after.last_sent["gmail.com"] < 0.75 * rate


async def test_mails_are_put_off_for_as_long_as_the_reply_asks(
    mailbox: Mailbox, mailbox_smtp: Address, connect: Connect
) -> None:
    mailer = _made(connect, mailbox_smtp)
    await mailbox.add_rule(
        Refuse(stage=SmtpStage.RCPT, recipient="*@yahoo.fr", code=421, text="4.7.0 [TSS04] deferred", times=1)
    )
    run = await _run(mailer, ["yahoo.fr", "yahoo.com", "ymail.com", "mail.example"], lanes=1)
    assert run.sent == {"mail.example": 1}
    assert run.refused == {"yahoo.fr": 1}
    for domain in ("yahoo.com", "ymail.com"):
        assert timedelta(minutes=119) < run.put_off[domain][0] < timedelta(hours=2, minutes=10)


async def test_a_tarpit_takes_its_connections_and_no_more(
    mailbox: Mailbox, mailbox_smtp: Address, connect: Connect
) -> None:
    mailer = _made(connect, mailbox_smtp, providers="slow.example=2")
    await mailbox.add_rule(Delay(stage=SmtpStage.RCPT, recipient="*@slow.example", seconds=2.0))
    run = await _run(mailer, ["slow.example", "mail.example"] * 60, lanes=8)
    assert run.sent["mail.example"] == 60
    assert run.last_sent["mail.example"] < 2.0
    assert run.sent["slow.example"] + len(run.put_off["slow.example"]) == 60
    assert run.sent["slow.example"] <= 4
    # Once it is known that no place comes free, nobody waits for one; two mails end after their delay.
    assert run.last_put_off < 1.5
    assert run.seconds < 3.5


async def test_no_more_mails_are_under_way_to_a_provider_than_allowed(connect: Connect, relay: Relay) -> None:
    relay.pause = 0.02
    mailer = connect(relay, pacing=Pacing(providers="orange=2", connections=3))
    at_once: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def work(domain: str) -> None:
        async with mailer.lane() as lane:
            for number in range(5):
                letter = a_letter(number, to=f"c{number}@{domain}")
                assert await lane.acquire(letter.to_address) is None
                at_once[domain] += 1
                most[domain] = max(most[domain], at_once[domain])
                await lane.send(letter)
                at_once[domain] -= 1

    await asyncio.gather(*(work(domain) for domain in ("wanadoo.fr", "mail.example") for _ in range(8)))
    assert most == {"wanadoo.fr": 2, "mail.example": 3}


async def test_a_provider_that_refuses_us_is_left_alone_and_tried_again_with_one_mail(
    mailbox: Mailbox, mailbox_smtp: Address, connect: Connect
) -> None:
    breakers = Breaking(failures=3, open_for=timedelta(seconds=0.5))
    mailer = _made(connect, mailbox_smtp, breakers)
    await mailbox.add_rule(
        Refuse(stage=SmtpStage.RCPT, recipient="*@outlook.fr", code=550, text="5.7.1 blocked", times=4)
    )
    first = await _run(mailer, ["outlook.fr", "mail.example"] * 20, lanes=2)
    assert 3 <= first.refused["outlook.fr"] <= 4
    assert first.sent == {"mail.example": 20}
    await asyncio.sleep(0.7)
    for _ in range(4):
        again = await _run(mailer, ["outlook.fr"] * 5, lanes=1)
        await asyncio.sleep(1.3)
        if again.sent["outlook.fr"] == 5:
            break
    assert again.sent["outlook.fr"] == 5


async def test_refusals_about_one_mailbox_never_open_a_breaker(
    mailbox: Mailbox, mailbox_smtp: Address, connect: Connect
) -> None:
    mailer = _made(connect, mailbox_smtp, Breaking(failures=2))
    await mailbox.add_rule(
        Refuse(stage=SmtpStage.RCPT, recipient="*@gmail.com", code=550, text="5.1.1 no such user", times=8)
    )
    run = await _run(mailer, ["gmail.com"] * 12, lanes=1)
    assert (run.refused["gmail.com"], run.sent["gmail.com"]) == (8, 4)


async def test_a_turn_that_is_not_used_is_given_back(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay, pacing=Pacing(connections=1))
    for _ in range(3):
        async with mailer.lane() as lane:
            assert lane.is_free("a@mail.example")
            assert await lane.acquire("a@mail.example") is None
            assert not lane.is_free("a@mail.example")
            assert await lane.acquire("a@mail.example") is None
    async with mailer.lane() as lane:
        assert lane.is_free("a@mail.example")
