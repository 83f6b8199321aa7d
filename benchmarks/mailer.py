"""What our mailer costs by itself, without ledger and workflows: rendering, tokens, limits, the dialogue.

mails_per_s   as many lanes as connections, each mail rendered and handed over
raw_per_s     the same bytes, rendered before, by aiosmtplib alone; half before and half after
ratio         mails_per_s / raw_per_s
cpu_ms        processor time of this process per mail; raw_cpu_ms that of the bare loop
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.idle import wait_until_idle
from benchmarks.people import letter_to, plain_people
from benchmarks.raw_loop import RawRate, render, send_raw
from benchmarks.sinks import open_sink
from benchmarks.table import parser_of, run_and_print
from composition.connections import unsubscribe_mail
from relance.adapters.breaker import Breakers
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.smtp.mailer import SmtpMailer
from relance.adapters.tokens import LinkTokens, Purpose
from relance.ports import OutgoingMail
from relance.rendering.mail import MailRenderer
from relance.settings import Settings
from relance.settings.keyring import Keyring
from relance.settings.mail import MailGroup, TlsMode
from relance.settings.privacy import LINK_KEY

PERIOD = "2026-11"
USERS, CONTACTS = 50, 20


async def measure(mails: int, connections: int) -> dict[str, Any]:
    """Send the mails between two halves of the bare loop and return the figures."""
    people = plain_people(USERS, CONTACTS)
    by_id = {user["_id"]: user for user in people[0]}
    now, keys = datetime.now(UTC), Keyring(LINK_KEY, (secrets.token_urlsafe(32),))
    message_ids = SealedMessageIds(keys, "mail.example")
    letters = [letter_to(PERIOD, by_id[contact["userId"]], contact, now, message_ids) for contact in people[1]]
    rendered = render(PERIOD, *people)
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        async with open_sink(Path(folder)) as sink:
            idle = await wait_until_idle()
            before = await send_raw(sink.address, rendered, mails // 2, connections)
            ours = await _send(sink.address, LinkTokens(keys), letters, mails, connections)
            after = await send_raw(sink.address, rendered, mails // 2, connections)
    raw = RawRate.of(before, after)
    return {
        "mails_per_s": round(ours.per_s, 1),
        "raw_per_s": round(raw.per_s, 1),
        "ratio": round(ours.per_s / raw.per_s, 3),
        "cpu_ms": round(ours.cpu_ms, 3),
        "raw_cpu_ms": round(raw.cpu_ms, 3),
        "idle_before": round(idle, 2),
        "mails": mails,
        "connections": connections,
    }


async def _send(
    address: tuple[str, int], tokens: LinkTokens, letters: list[OutgoingMail], mails: int, connections: int
) -> RawRate:
    mail = MailGroup(host=address[0], port=address[1], tls=TlsMode.NONE, connections=connections)
    settings = Settings().model_copy(update={"mail": mail})
    renderer = MailRenderer(
        mail=mail,
        sign_form=lambda invitation: tokens.sign(Purpose.SUBMIT, invitation),
        sign_unsubscribe=lambda invitation: tokens.sign(Purpose.UNSUBSCRIBE, invitation),
        unsubscribe_mail=unsubscribe_mail(settings, tokens),
    )
    breakers = Breakers(settings.breakers)
    mailer = SmtpMailer(mail, renderer.write, tokens.bounce_token, settings.pacing, breakers)
    waiting = itertools.islice(itertools.cycle(letters), mails)
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_drain(mailer, waiting) for _ in range(connections)))
    result = RawRate(mails / (time.perf_counter() - begun), 1000 * (time.process_time() - cpu) / mails)
    await mailer.close()
    return result


async def _drain(mailer: SmtpMailer, waiting: Iterator[OutgoingMail]) -> None:
    async with mailer.lane() as lane:
        for letter in waiting:
            await lane.acquire(letter.to_address)
            await lane.send(letter)


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("mailer", __doc__)
    parser.add_argument("--mails", type=int, default=10_000, help="(default %(default)s)")
    parser.add_argument("--connections", type=int, default=MailGroup().connections, help="(default %(default)s)")
    arguments = parser.parse_args()
    if arguments.mails < 2 or arguments.connections < 1:
        parser.error("at least two mails and one connection")
    run_and_print(lambda: measure(arguments.mails, arguments.connections), as_json=arguments.json)


if __name__ == "__main__":
    main()
