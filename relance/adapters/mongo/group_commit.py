"""Group commit: connections record results and claim their next mails in one durable round trip (SPEC C6, C7).

While one group is written the next group collects calls. So no call waits for a timer, and an idle `GroupCommit`
answers at once. A group costs a few reads in parallel and one `bulk_write`, whose journaled majority commit is what the
time goes into.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias
from uuid import uuid4

from pymongo import UpdateMany, UpdateOne
from pymongo.errors import ConnectionFailure, PyMongoError, ServerSelectionTimeoutError

from relance.adapters.mongo import claims
from relance.adapters.mongo.documents import Collection
from relance.adapters.mongo.errors import translated, unavailable
from relance.adapters.mongo.recheck import Recheck
from relance.adapters.mongo.settlements import settlements
from relance.errors import DependencyUnavailable
from relance.ports import TAKEN, ClaimAnswer, Claimed, ClaimRequest, Postponed, Refused, Settlement

_GROUP = 128
_OPERATION = "exchange results and claims"
_TAKEN = Refused(TAKEN)


@dataclass(slots=True, eq=False)
class _Call:
    """One caller's exchange; `verdict` is what the recheck said, before the compare-and-set."""

    settle: Settlement | None
    claim: ClaimRequest | None
    answer: asyncio.Future[ClaimAnswer | None]
    since: float
    nonce: str = ""
    verdict: ClaimAnswer | None = None

    @property
    def documents(self) -> set[str]:
        """The ids of the invitations it writes to."""
        return {part.invitation_id for part in (self.settle, self.claim) if part}

    def reply(self, outcome: ClaimAnswer | Exception | None) -> None:
        """Give the caller its answer, if it still waits for one."""
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


Observe: TypeAlias = Callable[[int, float, float], None]
"""Called with how many callers shared a round trip, the seconds the first of them waited in all, and those it took."""


class GroupCommit:
    """Groups the exchanges of one process."""

    def __init__(
        self, invitations: Collection, recheck: Recheck, observe: Observe, distance: timedelta = timedelta(0)
    ) -> None:
        self._invitations = invitations
        self._distance = distance
        self._observe = observe
        self._recheck = recheck
        self._waiting: deque[_Call] = deque()
        self._orphans: list[UpdateOne] = []
        self._flush: asyncio.Task[None] | None = None

    async def exchange(self, settle: Settlement | None, claim: ClaimRequest | None) -> ClaimAnswer | None:
        """Record a result and claim a mail; see `ports.Ledger.exchange`."""
        if settle is None and claim is None:
            return None
        if settle and claim and settle.invitation_id == claim.invitation_id:
            await self._hand_in(settle, None)
            return await self._hand_in(None, claim)
        return await self._hand_in(settle, claim)

    async def take_slots(self, addresses: Mapping[str, str]) -> None:
        """Take slots of mailboxes; see `ports.Ledger`."""
        await self._recheck.take_slots(addresses)

    async def close(self) -> None:
        """Wait until everything handed in is recorded."""
        while self._flush is not None:
            await asyncio.wait([self._flush])

    async def _hand_in(self, settle: Settlement | None, claim: ClaimRequest | None) -> ClaimAnswer | None:
        call = _Call(settle, claim, asyncio.get_running_loop().create_future(), time.perf_counter())
        self._waiting.append(call)
        self._start()
        try:
            return await call.answer
        except BaseException:
            # Cancelled, or the outcome is unknown: the claim may stand, and nobody would send its mail.
            if claim and not isinstance(call.verdict, Refused):
                self._orphans.append(claims.release(claim, call.nonce))
                self._start()
            raise

    def _start(self) -> None:
        if self._flush is None and (self._waiting or self._orphans):
            # The task takes its group when it first runs, so that all who hand in within one turn of the loop share it.
            self._flush = asyncio.create_task(self._run())

    def _next_group(self) -> list[_Call]:
        """Take as many calls as fit; no document twice, because within a group the order of writes is not ours."""
        group: list[_Call] = []
        later: list[_Call] = []
        documents: set[str] = set()
        while self._waiting and len(group) < _GROUP:
            call = self._waiting.popleft()
            (group if documents.isdisjoint(call.documents) else later).append(call)
            documents |= call.documents
        self._waiting.extendleft(reversed(later))
        return group

    async def _run(self) -> None:
        calls = self._next_group()
        orphans, self._orphans = self._orphans, []
        started = time.perf_counter()
        try:
            await self._serve(calls, orphans)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the callers' to handle
            for call in calls:
                call.reply(problem)
        finally:
            ended = time.perf_counter()
            self._observe(len(calls), ended - min((call.since for call in calls), default=started), ended - started)
            self._flush = None
            self._start()

    async def _serve(self, calls: Sequence[_Call], orphans: Sequence[UpdateOne]) -> None:
        asking = [call for call in calls if call.claim and not call.answer.cancelled()]
        failed = await self._ask(asking)
        settling = [call.settle for call in calls if call.settle]
        writes = [*orphans, *settlements(settling), *_claims_and_refusals(asking, self._distance)]
        try:
            matched = await self._write(writes) if writes else 0
        except PyMongoError as error:
            await self._after_failure(calls, unavailable(_OPERATION, error))
            return
        deciding = sum(not isinstance(call.verdict, Postponed) for call in asking)
        if matched < len(orphans) + len(settling) + deciding:
            await self._mark_taken(asking)
        for call in calls:
            call.reply(failed if failed and call.claim else call.verdict)

    async def _ask(self, asking: Sequence[_Call]) -> DependencyUnavailable | None:
        """Fill in the verdicts; a failure is returned, because results are recorded even if nothing can be read."""
        nonce = uuid4().hex
        for call in asking:
            # Before the first wait: a caller that goes away meanwhile gives up its claim by this.
            call.nonce = nonce
        try:
            verdicts = await self._recheck.decide([call.claim for call in asking if call.claim]) if asking else []
        except DependencyUnavailable as problem:
            return problem
        for call, verdict in zip(asking, verdicts, strict=True):
            call.verdict = verdict
        return None

    async def _write(self, writes: Sequence[UpdateMany | UpdateOne]) -> int:
        """Write a group; return how many documents matched."""
        try:
            result = await self._invitations.bulk_write(writes, ordered=False)
        except ServerSelectionTimeoutError as error:
            # Nothing was sent, so there is nothing to look up.
            raise unavailable(_OPERATION, error) from None
        except ConnectionFailure:
            # What the driver does for statements about one document. What was written already no longer matches.
            result = await self._invitations.bulk_write(writes, ordered=False)
        return result.matched_count

    async def _mark_taken(self, asking: Sequence[_Call]) -> None:
        claiming = {
            call.claim.invitation_id: call for call in asking if call.claim and isinstance(call.verdict, Claimed)
        }
        holders = await self._holders(claiming)
        for invitation_id, call in claiming.items():
            if holders.get(invitation_id, {}).get("nonce") != call.nonce:
                call.verdict = _TAKEN

    async def _after_failure(self, calls: Sequence[_Call], problem: DependencyUnavailable) -> None:
        """Answer from what the documents say: the outcome of a failed write is unknown, not negative."""
        holders = await self._holders({document for call in calls for document in call.documents})
        for call in calls:
            settled = call.settle is None or not _holds(call.settle, holders)
            claimed = call.claim is None or holders.get(call.claim.invitation_id, {}).get("nonce") == call.nonce
            call.reply(call.verdict if settled and claimed else problem)

    async def _holders(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        wanted = list(ids)
        if not wanted:
            return {}
        with translated("read claims back"):
            found = await self._invitations.find({"_id": {"$in": wanted}}, {"claim": 1}).to_list(None)
        claims_ = {raw["_id"]: raw.get("claim") for raw in found}
        return {key: claim if isinstance(claim, dict) else {} for key, claim in claims_.items()}


def _claims_and_refusals(asking: Sequence[_Call], distance: timedelta) -> list[UpdateMany | UpdateOne]:
    refusals = [
        claims.refusal(call.claim.invitation_id, call.claim.kind, call.verdict.reason, call.claim.at)
        for call in asking
        if call.claim and isinstance(call.verdict, Refused)
    ]
    granted = [call for call in asking if isinstance(call.verdict, Claimed)]
    if not granted:
        return [*refusals]
    mailboxes = {
        call.claim.invitation_id: call.verdict.mailboxes[0]
        for call in granted
        if call.claim and isinstance(call.verdict, Claimed)
    }
    requests = [call.claim for call in granted if call.claim]
    return [*refusals, *claims.claims(requests, granted[0].nonce, mailboxes, distance)]


def _holds(settle: Settlement, holders: Mapping[str, Mapping[str, str]]) -> bool:
    holder = holders.get(settle.invitation_id, {})
    return holder.get("token") == settle.token and holder.get("kind") == settle.kind
