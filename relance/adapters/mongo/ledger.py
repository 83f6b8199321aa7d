"""The invitations: who was sent what, when, with which outcome, and why not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from relance.adapters.mongo.claims import refusal, untried
from relance.adapters.mongo.documents import Collection, Raw, Reader, to_raw
from relance.adapters.mongo.errors import NAME, only_duplicates, translated
from relance.adapters.mongo.group_commit import GroupCommit
from relance.adapters.mongo.invitation_events import unmoved, update
from relance.adapters.mongo.per_document import appended
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.adapters.mongo.ranges import Ranges
from relance.adapters.mongo.uncertain import doubted, doubting, resolving
from relance.concurrency import STEP, stepwise
from relance.contracts.follow_up import InvitationEvent
from relance.domain.cycle.balance import CountedOutcomes, Wanted
from relance.domain.invitations.entry_changes import EntryChange, change_of
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind, sources_of
from relance.errors import DependencyUnavailable
from relance.ids import CONTACTS_PER_FOLLOW_UP, parse_invitation_id
from relance.ports import ClaimAnswer, ClaimRequest, Resolution, Settlement

_EXPIRING = [status.value for status in sources_of(InvitationStatus.EXPIRED)]
# An invitation passes through six statuses at most, and every lost race means that it moved on.
_RACES = 8
# Every instant there is: what the index of mails put off knows, without a look at the document.
_ANY_TIME = {"$gte": datetime(1970, 1, 1, tzinfo=UTC)}


class MongoLedger:
    """`ports.Ledger` over the collection `invitations`."""

    def __init__(
        self,
        collection: Collection,
        group_commit: GroupCommit,
        quarantine: MongoQuarantine,
        ranges: Ranges | None = None,
    ) -> None:
        self._collection = collection
        self._ranges = ranges or Ranges()
        self._group_commit = group_commit
        self._reader = Reader(Invitation, "invitations", quarantine)

    async def queue(self, invitations: Sequence[Invitation]) -> int:
        """Insert the entries that are not there yet; return how many were new."""
        if not invitations:
            return 0
        raws = [to_raw(invitation) async for invitation in stepwise(invitations)]
        with translated("queue invitations"):
            try:
                result = await self._collection.insert_many(raws, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise
                return int(error.details["nInserted"])
        return len(result.inserted_ids)

    async def of_users(self, period: str, user_ids: Sequence[str]) -> dict[str, list[Invitation]]:
        """Return the entries of these users in order of contact, by user id."""
        with translated("read the invitations of users"):
            theirs = {"period": period, "userId": {"$in": list(user_ids)}}
            raws = await read_each(
                self._collection,
                lambda some, fields: some.find(theirs, fields).sort([("userId", 1), ("contactId", 1)]),
                None,
            )
        result: dict[str, list[Invitation]] = {user_id: [] for user_id in user_ids}
        for start in range(0, len(raws), STEP):
            for invitation in await self._reader.valid(raws[start : start + STEP]):
                result[invitation.user_id].append(invitation)
            await asyncio.sleep(0)
        return result

    async def untried(self, period: str, user_ids: Sequence[str]) -> list[Invitation]:
        """Return those of these users' entries whose mail is still to be sent for the first time."""
        with translated("look for mails not sent"):
            raws = await read_each(self._collection, lambda some, _: some.find(untried(period, user_ids)), None)
        return await self._reader.valid(raws)

    async def get(self, invitation_id: str) -> Invitation | None:
        """Return one entry."""
        with translated("read an invitation"):
            raw = await self._collection.find_one({"_id": invitation_id})
        return await self._reader.one(raw)

    async def of_contact(self, contact_id: str) -> list[Invitation]:
        """Return a contact's entries, newest period first."""
        with translated("read a contact's invitations"):
            raws = await self._collection.find({"contactId": contact_id}).sort("period", -1).to_list(None)
        return await self._reader.valid(raws)

    async def part_of(self, invitation_id: str) -> int | None:
        """Return the number of the follow-up that holds an invitation; see `ports.Ledger`."""
        key = parse_invitation_id(invitation_id)
        up_to = {"period": key.period, "userId": key.user_id, "contactId": {"$lte": key.contact_id}}
        with translated("look up a part"):
            rank = await self._collection.count_documents(up_to)
        return (rank - 1) // CONTACTS_PER_FOLLOW_UP if rank else None

    async def parts(self, period: str, user_ids: Sequence[str]) -> dict[str, int]:
        """Return how many follow-ups each user may have in a period."""
        stages: list[Raw] = [
            {"$match": {"period": period, "userId": {"$in": list(user_ids)}}},
            {"$group": {"_id": "$userId", "count": {"$sum": 1}}},
        ]
        with translated("count the parts"):
            found = await self._collection.aggregate(stages).to_list(None)
        counts = {row["_id"]: row["count"] for row in found}
        return {user: -(-counts.get(user, 0) // CONTACTS_PER_FOLLOW_UP) for user in user_ids}

    async def take_slots(self, addresses: Mapping[str, str]) -> None:
        """Take slots of the mailboxes these invitations go to; see `ports.Ledger`."""
        await self._group_commit.take_slots(addresses)

    async def exchange(self, settle: Settlement | None, claim: ClaimRequest | None) -> ClaimAnswer | None:
        """Record the result of the last mail and claim the next one; see `ports.Ledger`."""
        return await self._group_commit.exchange(settle, claim)

    async def take_over(self, period: str, user_ids: Sequence[str], token: str) -> int:
        """Drop the claims on these users' entries that belong to another token; return how many."""
        foreign: Raw = {
            "period": period,
            "userId": {"$in": list(user_ids)},
            "claim.token": {"$nin": [None, token]},
            # An attempt that was given up and wakes late must not drop the claims of the one that replaced it.
            "$nor": [{"claim.token": {"$gt": token, "$lt": f"{token.rpartition('/')[0]}/~"}}],
        }
        return await self._drop_claims(foreign)

    async def drop_claims(self, period: str, before: datetime) -> int:
        """Drop the period's claims that were made before an instant; return how many."""
        dropped = 0
        async for some in self._ranges.over(self._collection, period):
            dropped += await self._drop_claims({"_id": some, "claim.at": {"$lt": before}})
        return dropped

    async def _drop_claims(self, claimed: Raw) -> int:
        skip = {"type": "$claim.kind", "reason": InvitationStatus.UNCERTAIN.value, "at": "$claim.at"}
        doubts = doubted("$claim.kind")
        with translated("take claims over"):
            invitations = await self._collection.update_many(
                {**claimed, "claim.kind": MailKind.INVITATION.value},
                [{"$set": {"doubts": doubts}}, {"$unset": "claim"}],
            )
            reminders = await self._collection.update_many(
                {**claimed, "claim.kind": {"$ne": MailKind.INVITATION.value}},
                [{"$set": {"reminderSkips": appended("reminderSkips", skip), "doubts": doubts}}, {"$unset": "claim"}],
            )
        return invitations.matched_count + reminders.matched_count

    async def doubt(self, invitation_ids: Sequence[str], kind: MailKind, since: datetime) -> None:
        """Put these mails in doubt for a restore to an instant; see `ports.Ledger`."""
        doubt = doubting(kind, since)
        with translated("put mails in doubt"):
            await self._collection.update_many({**doubt.mine, "_id": {"$in": list(invitation_ids)}}, doubt.update)

    async def doubtful(self, period: str, after: str, limit: int) -> list[Invitation]:
        """Return entries of the period with open doubts and an id above `after`, in order."""
        wanted = {"doubts": {"$elemMatch": {"verdict": None}}}
        with translated("read the uncertain mails"):
            raws = await self._ranges.page(self._collection, period, wanted, limit, after=after)
        return await self._reader.valid(raws)

    async def resolve(self, resolution: Resolution) -> bool:
        """End the doubts about a mail; return whether there were any and nobody has claimed the mail."""
        with translated("end a doubt"):
            for step in resolving(resolution):
                if (await self._collection.update_one(step.mine, step.update)).matched_count:
                    return True
        return False

    async def skip(self, invitation_id: str, kind: MailKind, reason: str, at: datetime) -> None:
        """Record why a mail is not sent, unless it was decided before or is being sent."""
        with translated("skip a mail"):
            await self._collection.bulk_write([refusal(invitation_id, kind, reason, at)])

    async def expire(self, invitation_ids: Sequence[str], at: datetime) -> int:
        """Move sent and opened entries to `expired`; return how many."""
        with translated("expire invitations"):
            result = await self._collection.update_many(
                {"_id": {"$in": list(invitation_ids)}, "status": {"$in": _EXPIRING}},
                {"$set": {"status": InvitationStatus.EXPIRED.value, "endedAt": at}},
            )
        return result.modified_count

    async def apply_event(self, event: InvitationEvent) -> bool:
        """Move an entry forward for an event; return whether anything changed."""
        for _ in range(_RACES):
            invitation = await self.get(event.invitation_id)
            if invitation is None:
                return False
            change = change_of(invitation, [(event.kind, event.at)], event.at)
            if change is None:
                return False
            if not await self.apply_changes([change]):
                return bool(change.fields)
        raise DependencyUnavailable(NAME, f"invitation {event.invitation_id} keeps changing")

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Invitation | None]:
        """Return the entries there are among these, by id; None stands for one that cannot be read."""
        wanted = {"_id": {"$in": list(ids)}}
        with translated("read invitations"):
            raws = await read_each(self._collection, lambda some, fields: some.find(wanted, fields), None)
        valid, invalid = await self._reader.sorted_out(raws)
        return {**{str(stored): None for stored in invalid}, **{invitation.id: invitation for invitation in valid}}

    async def of_contacts(self, contact_ids: Sequence[str]) -> dict[str, list[Invitation]]:
        """Return the entries of these contacts, by contact id."""
        with translated("read the invitations of contacts"):
            raws = await self._collection.find({"contactId": {"$in": list(contact_ids)}}).to_list(None)
        result: dict[str, list[Invitation]] = {contact_id: [] for contact_id in contact_ids}
        for invitation in await self._reader.valid(raws):
            result[invitation.contact_id].append(invitation)
        return result

    async def apply_changes(self, wanted: Sequence[EntryChange]) -> list[EntryChange]:
        """Write changes in one durable round trip; return those whose entry may have moved since it was read."""
        if not wanted:
            return []
        writes = [UpdateOne(unmoved(change.invitation), update(change.fields, change.notice)) for change in wanted]
        with translated("apply events"):
            result = await self._collection.bulk_write(writes, ordered=False)
        # Which ones did not match is not said; the caller decides anew about all of them, which changes nothing twice.
        return [] if result.matched_count == len(writes) else list(wanted)

    async def listed(self, period: str, wanted: Wanted, after: str, limit: int) -> list[Invitation]:
        """Return the period's wanted entries with an id above `after`, in order, at most `limit`."""
        with translated("list invitations"):
            raws = await self._ranges.page(self._collection, period, _wanted(wanted), limit, after=after)
        return await self._reader.valid(raws)

    async def count_listed(self, period: str, wanted: Wanted) -> int:
        """Count the period's wanted entries."""
        with translated("count invitations"):
            return await self._ranges.count(self._collection, period, _wanted(wanted))

    async def is_known(self, period: str) -> bool:
        """Return whether there is any entry of a period."""
        with translated("look for a period"):
            return await self._collection.find_one({"period": period}, {"_id": 1}) is not None

    async def put_off(self, period: str) -> int:
        """Count the invitations of a period that wait for another try."""
        waiting = {"period": period, "status": InvitationStatus.SENDING.value, "retryAt": _ANY_TIME}
        with translated("count what waits for another try"):
            return await self._collection.count_documents(waiting, maxTimeMS=self._ranges.most_ms)

    async def outcomes(self, period: str, counted: CountedOutcomes | None = None) -> list[Mapping[str, Any]]:
        """Return `{status, reason, class, sent, count}` per combination over the period; goes on after `counted`."""
        is_sent = {"$gt": ["$sentAt", None]}
        key = {"status": "$status", "reason": "$reason", "class": "$lastError.class", "sent": is_sent}
        stages: list[Raw] = [{"$group": {"_id": key, "count": {"$sum": 1}}}]
        sums = counted if counted is not None else CountedOutcomes()
        with translated("sum up outcomes"):
            async for place, groups in self._ranges.groups(self._collection, period, stages, sums.place):
                sums.add(place, [{**group["_id"], "count": group["count"]} for group in groups])
        return sums.rows()

    async def reminder_outcomes(self, period: str) -> list[Mapping[str, Any]]:
        """Return `{type, reason, count}` per combination over the period; reason None are the reminders sent."""
        # Grouped as they are stored before they are taken apart: few entries differ in what was decided.
        decided = {
            "sent": {"$ifNull": ["$reminders.type", []]},
            "skipped": {
                "$map": {
                    "input": {"$ifNull": ["$reminderSkips", []]},
                    "in": {"type": "$$this.type", "reason": "$$this.reason"},
                }
            },
        }
        stages: list[Raw] = [{"$group": {"_id": decided, "count": {"$sum": 1}}}]
        sums: Counter[tuple[str, str | None]] = Counter()
        with translated("sum up reminders"):
            async for _, groups in self._ranges.groups(self._collection, period, stages):
                for group in groups:
                    sent = [(kind, None) for kind in group["_id"]["sent"]]
                    skipped = [(skip["type"], skip.get("reason")) for skip in group["_id"]["skipped"]]
                    for row in (*sent, *skipped):
                        sums[row] += group["count"]
        return [{"type": kind, "reason": reason, "count": count} for (kind, reason), count in sums.items()]


def _wanted(wanted: Wanted) -> Raw:
    query: Raw = {"status": {"$in": [status.value for status in wanted.statuses]}} if wanted.statuses else {}
    if wanted.reason is not None:
        query["$or"] = [{"reason": wanted.reason}, {"lastError.class": wanted.reason}]
    return query
