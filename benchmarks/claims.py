"""How many mails a process can claim and settle in a second: the ledger alone, without a relay.

claims_per_s   one `exchange` per mail over all connections, median of the rounds; each round has mails of its own
shared         share of the mails that go to a mailbox another user writes to as well, in percent
rounds         claims per second of each round
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.table import parser_of, run_and_print
from relance.adapters.mongo.connection import Database, connect
from relance.devstack import mongod
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.invitations.people import Contact, ContactStatus, User
from relance.ids import invitation_id
from relance.ports import Claimed, ClaimRequest, Sent, Settlement
from relance.settings import Mongo
from tests.support.keys import PRIVACY

PERIOD = "2026-11"
AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
CONTACTS = 20
PAGE = 1000


async def measure(mails: int, lanes: int, rounds: int, shared: int) -> dict[str, Any]:
    """Claim the mails of several rounds and return the figures."""
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        server = await mongod.start(Path(folder), cache_gb="1")
        try:
            database = connect(Mongo(uri=SecretStr(server.uri), database="benchmark_claims"), PRIVACY)
            await database.ensure_indexes()
            rates = [await _round(database, number, mails, lanes, shared) for number in range(rounds)]
            await database.close()
        finally:
            await server.stop()
    return {
        "claims_per_s": round(statistics.median(rates), 1),
        "mails": mails,
        "connections": lanes,
        "shared": shared,
        "rounds": [round(rate, 1) for rate in rates],
    }


async def _round(database: Database, number: int, mails: int, lanes: int, shared: int) -> float:
    requests = deque(await _prepared(database, number, mails, shared))
    begun = time.perf_counter()
    await asyncio.gather(*(_connection(database, requests) for _ in range(lanes)))
    return mails / (time.perf_counter() - begun)


async def _connection(database: Database, requests: deque[ClaimRequest]) -> None:
    last: Settlement | None = None
    while requests:
        request = requests.popleft()
        answer = await database.ledger.exchange(last, request)
        if not isinstance(answer, Claimed):
            raise SystemExit(f"{request.invitation_id} was not claimed: {answer}")
        last = Settlement(request.invitation_id, request.kind, request.token, Sent("<m@bench.example>", AT))
    await database.ledger.exchange(last, None)


async def _prepared(database: Database, number: int, mails: int, shared: int) -> list[ClaimRequest]:
    requests: list[ClaimRequest] = []
    for index in range(-(-mails // CONTACTS)):
        user = User(id=f"u{number:02d}-{index:06d}", name="Ursule")
        contacts = [_contact(user.id, index, place, shared) for place in range(CONTACTS)]
        requests += [
            ClaimRequest(
                invitation_id=invitation_id(PERIOD, user.id, one.id),
                kind=MailKind.INVITATION,
                message_id=f"<{user.id}.{one.id}.invitation@bench.example>",
                token="t1",
                at=AT,
                user=user,
                contact=one,
            )
            for one in contacts
        ]
    requests = requests[:mails]
    for start in range(0, mails, PAGE):
        await _store(database, requests[start : start + PAGE])
    return requests


def _contact(user: str, index: int, place: int, shared: int) -> Contact:
    # Two neighbours have the same first contacts.
    both = place * 100 < shared * CONTACTS
    name = f"{user.partition('-')[0]}.{index // 2}.{place}" if both else f"{user}.{place}"
    return Contact(id=f"c{user}-{place:02d}", user_id=user, email=f"{name}@people.example", status=ContactStatus.ACTIVE)


async def _store(database: Database, requests: Sequence[ClaimRequest]) -> None:
    users = {one.user.id: {"_id": one.user.id, "name": one.user.name, "status": "active"} for one in requests}
    present = await database.users.by_ids(list(users))
    if new := [raw for key, raw in users.items() if key not in present]:
        await database.raw.users.insert_many(new)
    await database.raw.contacts.insert_many(
        [
            {"_id": one.contact.id, "userId": one.user.id, "email": one.contact.email, "status": "active"}
            for one in requests
        ]
    )
    await database.ledger.queue(
        [
            Invitation(
                id=one.invitation_id,
                period=PERIOD,
                user_id=one.user.id,
                contact_id=one.contact.id,
                status=InvitationStatus.QUEUED,
                queued_at=AT,
            )
            for one in requests
        ]
    )


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("claims", __doc__)
    parser.add_argument("--mails", type=int, default=10_000, help="mails of a round (default %(default)s)")
    parser.add_argument("--connections", type=int, default=64, help="connections to the relay (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default %(default)s)")
    parser.add_argument("--shared", type=int, default=10, help="percent of shared mailboxes (default %(default)s)")
    given = parser.parse_args()
    run_and_print(lambda: measure(given.mails, given.connections, given.rounds, given.shared), as_json=given.json)


if __name__ == "__main__":
    main()
