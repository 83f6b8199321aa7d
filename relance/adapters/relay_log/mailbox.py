"""The embedded mailbox as a relay log: it keeps every mail it accepted, and answers at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from relance.domain.base import Utc
from relance.errors import DependencyUnavailable
from relance.ports import Fate, Knowledge, LogCoverage, RelayRecord

NAME = "relay log"
AT_ONCE = 1000
TIMEOUT = 10.0


class _Kept(BaseModel):
    n: int
    time: Utc
    message_id: str


class _Stats(BaseModel):
    total: int


_FOUND = TypeAdapter(list[_Kept])


class MailboxLog:
    """A client of one mailbox (`relance.devstack.mailbox.api`); an async context manager."""

    def __init__(self, url: str, lag: timedelta) -> None:
        self.lag = lag
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def find(self, message_ids: Sequence[str], since: datetime) -> dict[str, RelayRecord]:
        """Return a record for each mail: its first copy, or that there is none."""
        result = dict.fromkeys(message_ids, RelayRecord(Knowledge.ABSENT))
        for start in range(0, len(message_ids), AT_ONCE):
            for mail in await self._ask(message_ids[start : start + AT_ONCE]):
                if mail.message_id in result:
                    result[mail.message_id] = RelayRecord(Knowledge.ACCEPTED, mail.time, str(mail.n), Fate.DELIVERED)
        return result

    async def coverage(self, since: datetime) -> LogCoverage:
        """Return that the mailbox keeps every mail since it was started, and how many it has."""
        kept = await self._kept()
        return LogCoverage(covers=True, lines=kept, understood=kept)

    async def _kept(self) -> int:
        try:
            answer = await self._http.get("/stats")
            answer.raise_for_status()
            return _Stats.model_validate_json(answer.content).total
        except (httpx.HTTPError, ValidationError) as error:
            raise _silent(error) from None

    async def _ask(self, message_ids: Sequence[str]) -> list[_Kept]:
        try:
            answer = await self._http.post("/find", json=list(message_ids))
            answer.raise_for_status()
            return _FOUND.validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise _silent(error) from None


def _silent(error: Exception) -> DependencyUnavailable:
    return DependencyUnavailable(NAME, f"the mailbox does not answer ({type(error).__name__})")
