"""What was posted, in memory, and the faults in force."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from relance.devstack.chat.models import ChatFault, ChatStats, PostedMessage, Service


class ChatStore:
    """Keeps messages and faults until it is cleared."""

    def __init__(self) -> None:
        self.posted: list[PostedMessage] = []
        self._faults: list[tuple[ChatFault, list[None]]] = []
        self._last = 0
        self._tries = 0

    def keep(self, service: Service, path: str, headers: dict[str, str], raw: bytes, body: Any) -> None:
        """Keep one message."""
        self._last += 1
        key = headers.get("idempotency-key") or headers.get("webhook-id") or ""
        text = raw.decode("utf-8", "replace")
        self.posted.append(
            PostedMessage(
                n=self._last,
                time=datetime.now(UTC),
                service=service,
                path=path,
                key=key,
                headers=headers,
                raw=text,
                body=body,
            )
        )

    def after(self, n: int, limit: int) -> list[PostedMessage]:
        """Return the messages with a number above `n`, oldest first."""
        return [message for message in self.posted if message.n > n][:limit]

    def stats(self) -> ChatStats:
        """Return the counts."""
        counts = Counter((message.service, message.key) for message in self.posted if message.key)
        return ChatStats(total=len(self.posted), tries=self._tries, repeated=counts.total() - len(counts))

    def add(self, fault: ChatFault) -> None:
        """Put a fault into force."""
        self._faults.append((fault, []))

    def next_fault(self, service: Service) -> ChatFault | None:
        """Count a try and return what goes wrong with it."""
        self._tries += 1
        for fault, used in self._faults:
            if fault.service in {None, service} and (fault.times is None or len(used) < fault.times):
                used.append(None)
                return fault
        return None

    def clear(self) -> None:
        """Forget every message and every fault; numbers go on counting."""
        self.posted.clear()
        self._faults.clear()
        self._tries = 0
