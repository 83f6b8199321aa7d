"""What a provider says to one process holds for the others as soon as they hear of it (SPEC X3)."""

from __future__ import annotations

from datetime import timedelta

from relance.adapters.smtp.mailer import SmtpMailer
from relance.domain.mail.breaker import BreakerState
from relance.domain.mail.sharing import ProviderRest
from relance.errors import MailRefused
from relance.settings.pacing import Breaking, Pacing
from tests.adapters.smtp.conftest import Connect, a_letter
from tests.support.smtp_relay import Relay

HOURS = "421 4.7.0 [TSS04] deferred"
BLOCKED = "550 5.7.1 blocked"


async def refused(mailer: SmtpMailer, address: str) -> None:
    async with mailer.lane() as lane:
        assert await lane.acquire(address) is None
        try:
            await lane.send(a_letter(to=address))
        except MailRefused:
            return
    raise AssertionError("it was not refused")


async def put_off(mailer: SmtpMailer, address: str) -> timedelta | None:
    async with mailer.lane() as lane:
        return await lane.acquire(address)


async def test_a_pause_that_one_process_was_asked_for_is_kept_by_another(connect: Connect, relay: Relay) -> None:
    one, other = connect(relay), connect(relay)
    assert (one.rests(), await put_off(other, "a@yahoo.fr")) == ([], None)
    relay.faults["rcpt"] += [HOURS]
    await refused(one, "a@yahoo.fr")
    [rest] = one.rests()
    assert (rest.provider, rest.breaker) == ("yahoo", 0.0)
    assert 7190 < rest.pause <= 7200
    other.leave_alone(rest)
    wait = await put_off(other, "b@ymail.com")
    assert wait is not None
    assert wait > timedelta(minutes=119)
    assert await put_off(other, "b@mail.example") is None
    # It is not told as its own: else the two would keep each other waiting for ever.
    assert other.rests() == []


async def test_a_breaker_that_one_process_has_opened_is_open_in_another_that_has_sent_nothing_there(
    connect: Connect, relay: Relay
) -> None:
    one, other = connect(relay, breakers=Breaking(failures=2)), connect(relay)
    relay.faults["rcpt"] += [BLOCKED, BLOCKED]
    for _ in range(2):
        await refused(one, "a@post.example")
    [rest] = one.rests()
    assert (rest.provider, rest.pause) == ("post.example", 0.0)
    assert rest.breaker > 5
    other.leave_alone(rest)
    assert await put_off(other, "b@post.example") is not None
    assert other._pacer._breakers.states()["provider other"] is BreakerState.OPEN


async def test_a_rest_that_is_over_is_told_no_more(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay, pacing=Pacing(pause=timedelta(0)))
    relay.faults["rcpt"] += ["421 4.7.28 unusual rate"]
    await refused(mailer, "a@gmail.com")
    assert mailer.rests() == []


async def test_at_most_a_hundred_rests_are_told_the_longest_ones(connect: Connect, relay: Relay) -> None:
    mailer = connect(relay)
    for number in range(110):
        relay.faults["rcpt"] += [HOURS if number < 105 else "421 4.7.28 unusual rate"]
        await refused(mailer, f"a@d{number}.example")
    rests = mailer.rests()
    assert len(rests) == 100
    assert min(rest.left for rest in rests) > 7000


def test_a_rest_travels_to_the_millisecond() -> None:
    assert ProviderRest.of("orange", 1.00049, 0.0).pause == 1.0
