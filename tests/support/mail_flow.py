"""How many mails the mailbox has accepted so far, seen from its log as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from relance.devstack.mailbox.client import Mailbox

LOOK_EVERY_S = 0.02
PAGE = 1000


class MailFlow:
    """Counts without reading any mail twice."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._last = 0
        self.count = 0

    async def look(self) -> int:
        """Return the count by now."""
        while page := await self._mailbox.messages(after=self._last, limit=PAGE):
            self.count += len(page)
            self._last = page[-1].n
        return self.count

    async def reach(self, count: int, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Wait until there are at least `count` mails; return False when `unless` became true before."""
        while await self.look() < count:
            if unless():
                return False
            await asyncio.sleep(LOOK_EVERY_S)
        return True
