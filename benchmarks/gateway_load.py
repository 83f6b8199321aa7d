"""`python -m benchmarks.gateway_load`: says events to a gateway over raw connections; the order comes on stdin as JSON.

Without a rate each connection says the next event as soon as it has an answer. With one, events are due at even
distances, and an answer takes as long as it comes after the event was due: a gateway that stands still makes all of
them late, not one.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from relance.adapters.event_api import EVENTS
from relance.adapters.webhook_signatures import signed_headers

ANSWER_S = 60.0


class Order(BaseModel):
    """Which events to say; `bodies` are of one message each, `rate` is in messages a second."""

    host: str = "127.0.0.1"
    port: int
    key: str
    bodies: list[str]
    connections: int = 32
    rate: float | None = None
    prefix: str


@dataclass
class Load:
    """What was said and answered so far."""

    order: Order
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    async def say_all(self) -> dict[str, Any]:
        """Say everything; return the figures."""
        begun = time.perf_counter()
        numbered = iter(enumerate(self.order.bodies))
        await asyncio.gather(*(self._connection(numbered, begun) for _ in range(self.order.connections)))
        took = time.perf_counter() - begun
        self.seconds.sort()
        return {
            "messages": len(self.seconds),
            "seconds": took,
            "per_second": len(self.seconds) / took,
            **{f"p{share}": self._percentile(share) for share in (50, 90, 99)},
            "worst": self.seconds[-1],
            "statuses": dict(self.statuses),
            "answers": dict(self.answers),
        }

    async def _connection(self, numbered: Iterator[tuple[int, str]], begun: float) -> None:
        reader, writer = await asyncio.open_connection(self.order.host, self.order.port)
        try:
            for number, body in numbered:
                due = time.perf_counter()
                if self.order.rate is not None:
                    due = begun + number / self.order.rate
                    if (ahead := due - time.perf_counter()) > 0:
                        await asyncio.sleep(ahead)
                writer.write(_request(self.order, number, body.encode()))
                async with asyncio.timeout(ANSWER_S):
                    status, said = await _answer(reader)
                self.seconds.append(time.perf_counter() - due)
                self.statuses[str(status)] += 1
                if status == 200:
                    self.answers.update(one["answer"] for one in json.loads(said)["answers"])
        finally:
            writer.close()

    def _percentile(self, share: int) -> float:
        return self.seconds[min(len(self.seconds) * share // 100, len(self.seconds) - 1)]


def _request(order: Order, number: int, body: bytes) -> bytes:
    headers = signed_headers(bytes.fromhex(order.key), f"{order.prefix}-{number}", datetime.now(UTC), body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {EVENTS} HTTP/1.1\r\nHost: {order.host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{lines}\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    return status, await reader.readexactly(length)


async def main() -> None:
    """Do what stdin says."""
    order = Order.model_validate_json(await asyncio.to_thread(sys.stdin.read))
    print(json.dumps(await Load(order).say_all()))


def chunks(items: list[str], size: int) -> list[list[str]]:
    """Return the items in lists of a size."""
    left = iter(items)
    return list(iter(lambda: list(itertools.islice(left, size)), []))


if __name__ == "__main__":
    asyncio.run(main())
