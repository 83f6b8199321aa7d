"""What a cycle has changed, taken back page by page with a record of each change (SPEC C11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo.errors import BulkWriteError

from relance.adapters.mongo.documents import MotorDatabase, Raw, to_raw
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.adapters.mongo.ranges import Ranges
from relance.domain.cycle.control import CANCELLED, GIVEN_UP, Compensation, Control, ControlState, compensation_id
from relance.domain.invitations.invitation import InvitationStatus, MailKind, Verdict
from relance.ids import plan_id

PAGE = 1000

# As `Invitation.may_have_arrived`.
_DOUBTFUL = {"kind": MailKind.INVITATION.value, "verdict": {"$in": [None, Verdict.UNKNOWN.value]}}
_ARRIVED: Raw = {
    "$or": [
        {"sentAt": {"$ne": None}},
        {"status": InvitationStatus.UNCERTAIN.value},
        {"doubts": {"$elemMatch": _DOUBTFUL}},
    ]
}


class MongoCompensations:
    """`ports.Compensations` over the collection `compensations`."""

    def __init__(self, database: MotorDatabase, ranges: Ranges | None = None) -> None:
        self._database = database
        self._ranges = ranges or Ranges()
        self._records = database.compensations

    async def survey(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what a decision would change now, without changing anything."""
        changes: Counter[str] = Counter()
        with translated("survey what would be taken back"):
            for collection in GIVEN_UP[decision]:
                stages: list[Raw] = [
                    {"$match": _given_up(decision, collection)},
                    {"$group": {"_id": "$status", "count": {"$sum": 1}}},
                ]
                async for _, groups in self._ranges.groups(self._database[collection], period, stages):
                    changes.update({f"{collection}.{group['_id']}": group["count"] for group in groups})
        return dict(sorted(changes.items()))

    async def apply(self, control: Control, at: datetime) -> int:
        """Give up what the decision gives up, each change with its record first; return how many were made now."""
        changed = 0
        with translated("take changes back"):
            for collection in GIVEN_UP[control.state]:
                async for ids in self._ranges.over(self._database[collection], control.id):
                    rest = ids
                    while page := await self._page(control, collection, rest):
                        changed += await self._take_back(control, collection, page, at)
                        rest = {**ids, "$gt": page[-1]["_id"]}
        return changed

    async def applied(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what was changed for a decision, over all attempts."""
        changes: Counter[str] = Counter()
        stages: list[Raw] = [{"$group": {"_id": "$previous", "count": {"$sum": 1}}}]
        with translated("sum up what was taken back"):
            for collection in GIVEN_UP.get(decision, ()):
                prefix = compensation_id(decision, collection, period)
                async for _, groups in self._ranges.groups(self._records, prefix, stages):
                    changes.update({f"{collection}.{group['_id']}": group["count"] for group in groups})
        return dict(sorted(changes.items()))

    async def in_flight(self, period: str) -> int:
        """Count the invitations a mail of which is being sent: they cannot be taken back yet."""
        with translated("count mails in flight"):
            return await self._ranges.count(self._database.invitations, period, {"claim": {"$ne": None}})

    async def users(self, period: str, after: str | None, size: int) -> list[str]:
        """Return the next users the period has plans for, in order of id."""
        # A plan's id is made of period and user; "/" comes after ".".
        first = plan_id(period, after) if after is not None else f"{period}."
        with translated("list the users of a period"):
            found = self._database.plans.find(
                {"_id": {"$gt": first, "$lt": f"{period}/"}, "userId": {"$type": "string"}}, {"userId": 1}
            )
            return [raw["userId"] for raw in await found.sort("_id", 1).limit(size).to_list(None)]

    async def reached(self, period: str, after: str, size: int) -> list[str]:
        """Return the next ids of the invitations that arrived or may have, in order."""
        with translated("list who was reached"):
            raws = await self._ranges.page(
                self._database.invitations, period, _ARRIVED, size, after=after, fields={"_id": 1}
            )
        return [raw["_id"] for raw in raws]

    async def count_reached(self, period: str) -> int:
        """Count the invitations that arrived or may have."""
        with translated("count who was reached"):
            return await self._ranges.count(self._database.invitations, period, _ARRIVED)

    async def _page(self, control: Control, collection: str, ids: Raw) -> list[Raw]:
        found = self._database[collection].find({**_given_up(control.state, collection), "_id": ids}, {"status": 1})
        return await found.sort("_id", 1).limit(PAGE).max_time_ms(self._ranges.most_ms).to_list(None)

    async def _take_back(self, control: Control, collection: str, page: Sequence[Raw], at: datetime) -> int:
        records = {raw["_id"]: _record(control, collection, raw, at) for raw in page}
        try:
            await self._records.insert_many([to_raw(record) for record in records.values()], ordered=False)
        except BulkWriteError as error:
            if not only_duplicates(error):
                raise
        source = self._database[collection]
        ended: Raw = {"status": CANCELLED, "reason": control.state.reason}
        stamp: Raw = {"updatedAt": at} if collection == "plans" else {"endedAt": at}
        result = await source.update_many(
            {"_id": {"$in": list(records)}, **_given_up(control.state, collection)},
            {"$set": {**ended, **stamp}, "$unset": {"retryAt": ""}},
        )
        if result.modified_count < len(records):
            # Answered, claimed or sent in the same moment: nothing was taken back there.
            moved = await source.find({"_id": {"$in": list(records)}, "status": {"$ne": CANCELLED}}, {}).to_list(None)
            await self._records.delete_many({"_id": {"$in": [records[raw["_id"]].id for raw in moved]}})
        return result.modified_count


def _given_up(decision: ControlState, collection: str) -> Raw:
    # Plans have no claims.
    return {"status": {"$in": list(GIVEN_UP[decision][collection])}, "claim": None}


def _record(control: Control, collection: str, raw: Raw, at: datetime) -> Compensation:
    return Compensation(
        id=compensation_id(control.state, collection, raw["_id"]),
        period=control.id,
        decision=control.state,
        collection=collection,
        document_id=raw["_id"],
        previous=raw["status"],
        by=control.by,
        at=at,
    )
