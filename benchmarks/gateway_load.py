"""`python -m benchmarks.gateway_load`: says events to a gateway over raw connections; the order comes on stdin as JSON.

Without a rate each connection says the next event as soon as it has an answer. With one, events are due at even
distances, and an answer takes as long as it comes after the event was due: a gateway that stands still makes all of
them late, not one.

It shares the cores with what it measures. So requests are signed before the clock runs, answers are read after it has
stopped, and in between there are bytes alone; `cpu_ms` says what is left of it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from relance.adapters.webhook_signatures import signed_headers
from relance.contracts.event_api import EVENTS

ANSWER_S = 60.0
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


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

    requests: list[bytes]
    rate: float | None
    seconds: list[float] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    begun: float = 0.0
    left: Iterator[tuple[int, bytes]] = field(init=False)

    @classmethod
    def of(cls, order: Order) -> Load:
        """Return the load of an order, signed now."""
        now = datetime.now(UTC)
        requests = [_request(order, number, body.encode(), now) for number, body in enumerate(order.bodies)]
        return cls(requests, order.rate)

    async def say_all(self, host: str, port: int, connections: int) -> dict[str, Any]:
        """Say everything; return the figures."""
        loop = asyncio.get_running_loop()
        self.left = iter(enumerate(self.requests))
        ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
        cpu, self.begun = time.process_time(), time.perf_counter()
        for end in ends:
            await loop.create_connection(lambda end=end: _Connection(self, end), host, port)  # type: ignore[misc]
        await asyncio.gather(*ends)
        took, cpu = time.perf_counter() - self.begun, time.process_time() - cpu
        self.seconds.sort()
        return {
            "messages": len(self.seconds),
            "seconds": took,
            "per_second": len(self.seconds) / took,
            **{f"p{share}": self._percentile(share) for share in (50, 90, 99)},
            "worst": self.seconds[-1],
            "client_cpu_s": cpu,
            **_counted(self.answers),
        }

    def due(self, number: int) -> float:
        """Return when an event is due, by `perf_counter`: at once if there is no rate."""
        return time.perf_counter() if self.rate is None else self.begun + number / self.rate

    def _percentile(self, share: int) -> float:
        return self.seconds[min(len(self.seconds) * share // 100, len(self.seconds) - 1)]


class _Connection(asyncio.Protocol):
    """Says one event after the other, and counts how long each answer took."""

    def __init__(self, load: Load, end: asyncio.Future[None]) -> None:
        self._load = load
        self._end = end
        self._due = 0.0
        self._answer = b""
        self._length: int | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._go_on()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._length is None and (head := self._answer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._answer, 0, head)
            self._length = head + 4 + int(found[1]) if found else head + 4
        if self._length is not None and len(self._answer) >= self._length:
            self._late.cancel()
            self._load.seconds.append(time.perf_counter() - self._due)
            self._load.answers.append(self._answer)
            self._answer, self._length = b"", None
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._end.done():
            self._end.set_exception(exc or ConnectionError("the gateway closed a connection"))

    def _go_on(self) -> None:
        number, request = next(self._load.left, (0, b""))
        if not request:
            self._end.set_result(None)
            self._transport.close()
            return
        self._due = self._load.due(number)
        if (ahead := self._due - time.perf_counter()) > 0:
            self._loop.call_later(ahead, self._say, request)
        else:
            self._say(request)

    def _say(self, request: bytes) -> None:
        self._late = self._loop.call_later(ANSWER_S, self._transport.abort)
        self._transport.write(request)


def _request(order: Order, number: int, body: bytes, now: datetime) -> bytes:
    headers = signed_headers(bytes.fromhex(order.key), f"{order.prefix}-{number}", now, body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {EVENTS} HTTP/1.1\r\nHost: {order.host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{lines}\r\n"
    )
    return head.encode() + body


def _counted(answers: list[bytes]) -> dict[str, Any]:
    statuses = Counter(answer[9:12].decode() for answer in answers)
    bodies = (answer.partition(b"\r\n\r\n")[2] for answer in answers if answer[9:12] == b"200")
    said = Counter(each["answer"] for body in bodies for each in json.loads(body)["answers"])
    return {"statuses": dict(statuses), "answers": dict(said)}


async def main() -> None:
    """Do what stdin says."""
    order = Order.model_validate_json(await asyncio.to_thread(sys.stdin.read))
    print(json.dumps(await Load.of(order).say_all(order.host, order.port, order.connections)))


def chunks(items: list[str], size: int) -> list[list[str]]:
    """Return the items in lists of a size."""
    left = iter(items)
    return list(iter(lambda: list(itertools.islice(left, size)), []))


if __name__ == "__main__":
    asyncio.run(main())
