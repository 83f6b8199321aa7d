"""Read and program a mailbox over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic import TypeAdapter

from relance.devstack.mailbox.models import Accepted, CaughtMail, MailboxStats, Summary
from relance.devstack.mailbox.rules import Delay, Drop, Greylist, Refuse
from relance.devstack.stub_client import StubClient
from relance.errors import NotFound

_SUMMARIES = TypeAdapter(list[Summary])
_ACCEPTED = TypeAdapter(list[Accepted])


class Mailbox(StubClient):
    """A client of one mailbox; an async context manager.

    Every method raises `DependencyUnavailable` when the mailbox does not answer.
    """

    name = "mailbox"
    remedy = "relance.devstack.mailbox.rules"

    async def messages(self, *, after: int = 0, limit: int = 100) -> list[Summary]:
        """Return the mails with a number above `after`, oldest first, at most `limit` (up to 1,000)."""
        answer = await self._ask("GET", "/messages", params={"after": after, "limit": limit})
        return _SUMMARIES.validate_json(answer.content)

    async def all_messages(self) -> AsyncIterator[Summary]:
        """Yield every mail, oldest first."""
        after = 0
        while page := await self.messages(after=after, limit=1000):
            for mail in page:
                yield mail
            after = page[-1].n

    async def message(self, n: int) -> CaughtMail:
        """Return one mail, parsed.

        Raises:
            NotFound: there is no mail of that number.
        """
        return CaughtMail.model_validate_json((await self._ask("GET", f"/messages/{n}")).content)

    async def find(self, message_ids: Sequence[str]) -> list[Accepted]:
        """Return the first mail of each of these Message-IDs (up to 1,000), where there is one.

        Raises:
            InvalidInput: there are too many.
        """
        answer = await self._ask("POST", "/find", json=list(message_ids))
        return _ACCEPTED.validate_json(answer.content)

    async def raw(self, n: int) -> bytes:
        """Return one mail's bytes as received.

        Raises:
            NotFound: there is no mail of that number.
        """
        return (await self._ask("GET", f"/messages/{n}/raw")).content

    async def stats(self) -> MailboxStats:
        """Return the counts."""
        return MailboxStats.model_validate_json((await self._ask("GET", "/stats")).content)

    async def log(self) -> list[Accepted]:
        """Return one line for each accepted mail, from the file on disk."""
        answer = await self._ask("GET", "/log")
        return [Accepted.model_validate_json(line) for line in answer.content.splitlines()]

    async def add_rule(self, rule: Refuse | Delay | Drop | Greylist) -> int:
        """Put a fault into force; return its number.

        Raises:
            InvalidInput: the mailbox does not accept the rule.
        """
        return int((await self._ask("POST", "/rules", content=rule.model_dump_json())).json()["rule"])

    async def rules(self) -> list[dict[str, Any]]:
        """Return the rules in force; `applied` says how often each did something."""
        found: list[dict[str, Any]] = (await self._ask("GET", "/rules")).json()
        return found

    async def clear_rules(self) -> None:
        """Put every fault out of force."""
        await self._ask("DELETE", "/rules")

    async def clear(self) -> None:
        """Forget every mail and put every fault out of force."""
        await self._ask("DELETE", "/messages")
        await self.clear_rules()

    def _refused(self, method: str, path: str, status: int) -> Exception:
        if status == 404:
            return NotFound(f"the mailbox has nothing at {path}")
        return super()._refused(method, path, status)
