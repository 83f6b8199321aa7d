"""Stops all mail to a person: the first step of an erasure (SPEC section 13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from relance.adapters.mongo.documents import MotorDatabase, Raw
from relance.adapters.mongo.person_traces import PersonTraces, by_ids, chunks
from relance.adapters.mongo.suppressions import MongoSuppressions
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.invitations.people import ContactStatus
from relance.domain.privacy.person import FORGOTTEN, STALE, PersonScope

_OPEN = [
    status.value
    for status in (
        InvitationStatus.QUEUED,
        InvitationStatus.SENDING,
        InvitationStatus.SENT,
        InvitationStatus.OPENED,
    )
]


class PersonClosing:
    """Suppresses, blocks and cancels; every write says the same the second time."""

    def __init__(self, database: MotorDatabase, suppressions: MongoSuppressions) -> None:
        self._database = database
        self._suppressions = suppressions

    async def close(self, traces: PersonTraces, at: datetime) -> int:
        """Close everything that could still lead to a mail; return how much is being sent just now."""
        await self._suppress(traces, at)
        await self._block(traces, at)
        live = await self._under_way(traces, at)
        for some in chunks(traces.entry_ids):
            query: Raw = {"_id": {"$in": list(some)}, "status": {"$in": _OPEN}}
            # A claim of a process that died is over: whether the mail left, nobody will ask any more.
            free = {"$or": [{"claim": None}, {"claim.at": {"$lt": at - STALE}}]}
            ended = {"status": InvitationStatus.CANCELLED.value, "reason": FORGOTTEN, "endedAt": at}
            await self._database.invitations.update_many(
                {**query, **free}, {"$set": ended, "$unset": {"retryAt": "", "notice": "", "claim": ""}}
            )
        for some in chunks(traces.plans):
            await self._end_plans(some, at)
        return live

    async def _suppress(self, traces: PersonTraces, at: datetime) -> None:
        person = traces.person
        if person.scope is PersonScope.ADDRESS:
            await self._suppressions.suppress(person.mailboxes[:1], FORGOTTEN, at)
            return
        if not person.contacts:
            return
        # Whose contact it was writes no more; others, who were not asked about, may.
        pairs = traces.invited
        async for raw in self._database.contacts.find(by_ids(person.contacts), {"userId": 1, "email": 1}):
            if isinstance(raw.get("email"), str) and raw.get("userId") is not None:
                pairs |= {(box, str(raw["userId"])) for box in self._suppressions.mailboxes(raw["email"])[:1]}
        for box, user in sorted(pairs):
            await self._suppressions.suppress(self._suppressions.for_sender([box], user), FORGOTTEN, at)

    async def _block(self, traces: PersonTraces, at: datetime) -> None:
        blocked = {"status": ContactStatus.BLOCKED.value, "statusReason": FORGOTTEN, "statusAt": at}
        writable = [ContactStatus.ACTIVE.value, ContactStatus.PENDING.value]
        await self._database.contacts.update_many(
            {**by_ids(traces.person.contacts), "status": {"$in": writable}}, {"$set": blocked}
        )

    async def _under_way(self, traces: PersonTraces, at: datetime) -> int:
        """Count mails that are being sent, and plans whose batch may have read the person before he was blocked."""
        since = at - STALE
        count = 0
        for some in chunks(traces.entry_ids):
            query = {"_id": {"$in": list(some)}, "claim.at": {"$gte": since}}
            count += await self._database.invitations.count_documents(query)
        sending = {"status": PlanStatus.SENDING.value, "updatedAt": {"$gte": since}}
        for some in chunks(sorted(await self._plans_that_read(traces))):
            count += await self._database.plans.count_documents({"_id": {"$in": list(some)}, **sending})
        return count

    async def _plans_that_read(self, traces: PersonTraces) -> set[str]:
        entered = {f"{raw['period']}.{raw['userId']}" for raw in traces.entries}
        of_contacts = self._database.contacts.find(by_ids(traces.person.contacts), {"userId": 1})
        users = {str(raw.get("userId")) for raw in await of_contacts.to_list(None)}
        periods = {plan.partition(".")[0] for plan in {*entered, *traces.plans}}
        return {*entered, *traces.plans, *(f"{period}.{user}" for period in periods for user in users)}

    async def _end_plans(self, plans: Sequence[str], at: datetime) -> None:
        stale = {"status": PlanStatus.SENDING.value, "updatedAt": {"$lt": at - STALE}}
        query = {"_id": {"$in": list(plans)}, "$or": [{"status": PlanStatus.PLANNED.value}, stale]}
        # A number of contacts says that nothing is left to be entered.
        fields = {
            "status": PlanStatus.CANCELLED.value,
            "reason": FORGOTTEN,
            "contacts": {"$ifNull": ["$contacts", 0]},
            "updatedAt": at,
        }
        await self._database.plans.update_many(query, [{"$set": fields}])
