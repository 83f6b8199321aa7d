from __future__ import annotations

import asyncio
import itertools

from relance.adapters.smtp.mailer import SmtpMailer
from relance.adapters.smtp.opening import Opener
from relance.adapters.smtp.pool import Pool
from relance.settings.mail import MailGroup
from tests.adapters.smtp.conftest import Connect, a_letter
from tests.support.patience import PATIENCE_S
from tests.support.smtp_relay import Relay


async def _everything_is_closed(relay: Relay) -> None:
    while relay.open:
        await asyncio.sleep(0.01)


async def test_a_connection_is_renewed_after_its_number_of_mails(relay: Relay, connect: Connect) -> None:
    mailer = connect(relay, messages_per_connection=3)
    async with mailer.lane() as lane:
        for number in range(7):
            await lane.send(a_letter(number))
    assert [mail.connection for mail in relay.mails] == [1, 1, 1, 2, 2, 2, 3]
    assert relay.commands.count("quit") == 2


async def test_mails_count_over_several_lanes_of_the_same_connection(relay: Relay, connect: Connect) -> None:
    mailer = connect(relay, messages_per_connection=2)
    for number in range(4):
        async with mailer.lane() as lane:
            await lane.send(a_letter(number))
    assert [mail.connection for mail in relay.mails] == [1, 1, 2, 2]


async def test_no_connection_is_opened_before_it_is_needed(relay: Relay, connect: Connect) -> None:
    assert connect(relay, connections=4).connections == 4
    await asyncio.sleep(0.05)
    assert relay.connections == 0


async def test_there_are_never_more_connections_than_the_settings_allow(relay: Relay, connect: Connect) -> None:
    relay.pause = 0.005
    mailer = connect(relay, connections=3, messages_per_connection=4)
    numbers = itertools.count()

    async def work() -> None:
        async with mailer.lane() as lane:
            for _ in range(5):
                await lane.send(a_letter(next(numbers)))

    await asyncio.gather(*(work() for _ in range(8)))
    assert len(relay.mails) == 40
    assert len({mail.recipient for mail in relay.mails}) == 40
    assert relay.most_open == 3


async def test_a_lane_that_fails_to_open_leaves_its_place_to_others(relay: Relay, connect: Connect) -> None:
    relay.faults["connect"] += ["421 4.3.2 busy"] * 3
    mailer = connect(relay, connections=1)

    async def work(number: int) -> None:
        async with mailer.lane() as lane:
            await lane.send(a_letter(number))

    results = await asyncio.gather(*(work(number) for number in range(5)), return_exceptions=True)
    assert [result is None for result in results] == [False, False, False, True, True]


async def test_waiting_for_a_lane_can_be_cancelled(relay: Relay, connect: Connect) -> None:
    mailer = connect(relay, connections=1)

    async def work() -> None:
        async with mailer.lane() as lane:
            await lane.send(a_letter())

    async with mailer.lane():
        waiting = asyncio.create_task(work())
        await asyncio.sleep(0.05)
        waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.wait_for(work(), PATIENCE_S)
    assert len(relay.mails) == 1


async def test_an_idle_connection_is_kept_for_a_while_and_then_closed_politely(relay: Relay) -> None:
    opener = Opener(MailGroup(port=relay.port))
    pool = Pool(opener.open, size=lambda: 2, renew_after=100, idle_seconds=0.1)
    for _ in range(3):
        async with pool.slot():
            pass
    assert relay.connections == 1
    await asyncio.wait_for(_everything_is_closed(relay), PATIENCE_S)
    assert relay.commands.count("quit") == 1
    await pool.close()


async def test_closing_says_good_bye_on_every_connection(relay: Relay, connect: Connect) -> None:
    mailer = connect(relay, connections=2)
    async with mailer.lane() as one, mailer.lane() as two:
        await one.send(a_letter(1))
        await two.send(a_letter(2))
    await mailer.close()
    assert relay.commands.count("quit") == 2
    await asyncio.wait_for(_everything_is_closed(relay), PATIENCE_S)


async def test_a_lane_in_use_while_closing_is_closed_when_it_comes_back(relay: Relay, connect: Connect) -> None:
    mailer: SmtpMailer = connect(relay)
    async with mailer.lane() as lane:
        await mailer.close()
        await lane.send(a_letter())
    await asyncio.wait_for(_everything_is_closed(relay), PATIENCE_S)
    assert relay.commands.count("quit") == 1


async def test_a_relay_that_does_not_answer_quit_is_left_all_the_same(relay: Relay, connect: Connect) -> None:
    relay.faults["quit"].append("drop")
    mailer = connect(relay)
    async with mailer.lane() as lane:
        await lane.send(a_letter())
    await asyncio.wait_for(mailer.close(), PATIENCE_S)
