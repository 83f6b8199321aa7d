"""What the same mails cost without any of our work: a bare aiosmtplib loop over the same number of connections."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import aiosmtplib

from benchmarks.idle import wait_until_idle
from benchmarks.people import Documents, letter_to
from benchmarks.table import say
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.tokens import LinkTokens, Purpose
from relance.rendering.mail import MailRenderer
from relance.settings import Settings
from relance.settings.keyring import Keyring
from relance.settings.privacy import LINK_KEY

TIMEOUT_S = 60.0
MOST_LETTERS = 1000
"""Letters kept in memory; they are sent in turn. One is as large as another to within the length of the names."""
MOST_MAILS = 20_000
"""Of both halves; the rate does not depend on their number."""

Letters = Sequence[tuple[str, bytes]]


def render(period: str, users: Documents, contacts: Documents) -> Letters:
    """Return (recipient, message) pairs as the worker's own writer makes them."""
    settings = Settings()
    keys = Keyring(LINK_KEY, (secrets.token_urlsafe(32),))
    tokens, message_ids = LinkTokens(keys), SealedMessageIds(keys, settings.mail.message_id_domain)
    writer = MailRenderer(
        settings.mail,
        lambda invitation: tokens.sign(Purpose.SUBMIT, invitation),
        lambda invitation: tokens.sign(Purpose.UNSUBSCRIBE, invitation),
    )
    by_id = {user["_id"]: user for user in users}
    now = datetime.now(UTC)
    chosen = contacts[:: max(1, len(contacts) // MOST_LETTERS)]
    return [writer.write(letter_to(period, by_id[one["userId"]], one, now, message_ids)) for one in chosen]


@dataclass(frozen=True, slots=True)
class RawRate:
    """What a bare loop reached: mails per second, and milliseconds of its processor time per mail."""

    per_s: float
    cpu_ms: float

    @classmethod
    def of(cls, *halves: RawRate) -> RawRate:
        """Return the mean over equal numbers of mails: rates are averaged by their times."""
        n = len(halves)
        return cls(n / sum(1 / half.per_s for half in halves), sum(half.cpu_ms for half in halves) / n)


class BareLoop:
    """The limit of a run: half of the mails before what is measured and half after it, each time on an idle machine."""

    def __init__(self, address: tuple[str, int], letters: Letters, mails: int, connections: int) -> None:
        self._address, self._letters, self._connections = address, letters, connections
        self._half = min(mails, MOST_MAILS) // 2 or 1
        self._idle: list[float] = []
        self._rates: list[RawRate] = []

    async def send_half(self) -> None:
        """Wait until the machine idles, then send."""
        idle = await wait_until_idle()
        rate = await send_raw(self._address, self._letters, self._half, self._connections)
        say(f"bare loop: {rate.per_s:.0f} mails/s, machine idle for {idle:.0%} before")
        self._idle.append(idle)
        self._rates.append(rate)

    @property
    def rate(self) -> RawRate:
        """Both halves together."""
        return RawRate.of(*self._rates)

    @property
    def figures(self) -> dict[str, float]:
        """What a benchmark says of its limit, and how busy the machine was with other work."""
        (before, after), (idle_before, idle_after) = self._rates, self._idle
        return {
            "raw_per_s": round(self.rate.per_s, 1),
            "raw_cpu_ms_per_mail": round(self.rate.cpu_ms, 3),
            "raw_before_per_s": round(before.per_s, 1),
            "raw_after_per_s": round(after.per_s, 1),
            "idle_before": round(idle_before, 2),
            "idle_after": round(idle_after, 2),
        }


async def send_raw(address: tuple[str, int], letters: Letters, mails: int, connections: int) -> RawRate:
    """Send `mails` of the letters in turn, already rendered, and return how fast that was."""
    waiting = itertools.islice(itertools.cycle(letters), mails)
    lanes = [aiosmtplib.SMTP(hostname=address[0], port=address[1], timeout=TIMEOUT_S) for _ in range(connections)]
    for lane in lanes:
        await lane.connect()
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_drain(lane, waiting) for lane in lanes))
    rate = RawRate(mails / (time.perf_counter() - begun), 1000 * (time.process_time() - cpu) / mails)
    for lane in lanes:
        await lane.quit()
    return rate


async def _drain(lane: aiosmtplib.SMTP, waiting: Iterator[tuple[str, bytes]]) -> None:
    for recipient, message in waiting:
        await lane.sendmail("bounce@bounces.example", [recipient], message)
