"""What a cycle has changed, taken back page by page with a record of each change (SPEC C11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo.errors import BulkWriteError

from relance.adapters.mongo.documents import MotorDatabase, Raw, to_raw
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.domain.compensation import CANCELLED, GIVEN_UP, Compensation, compensation_id
from relance.domain.control import Control, ControlState
from relance.domain.invitation import InvitationStatus, MailKind, Verdict
from relance.ids import plan_id

PAGE = 1000


class MongoCompensations:
    """`ports.Compensations` over the collection `compensations`."""

    def __init__(self, database: MotorDatabase) -> None:
        self._database = database
        self._records = database.compensations

    async def survey(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what a decision would change now, without changing anything."""
        changes: dict[str, int] = {}
        with translated("survey what would be taken back"):
            for collection in GIVEN_UP[decision]:
                stages = [
                    {"$match": _given_up(period, decision, collection)},
                    {"$group": {"_id": "$status", "count": {"$sum": 1}}},
                ]
                for group in await self._database[collection].aggregate(stages).to_list(None):
                    changes[f"{collection}.{group['_id']}"] = group["count"]
        return dict(sorted(changes.items()))

    async def apply(self, control: Control, at: datetime) -> int:
        """Give up what the decision gives up, each change with its record first; return how many were made now."""
        changed = 0
        with translated("take changes back"):
            for collection in GIVEN_UP[control.state]:
                last = ""
                while page := await self._page(control, collection, last):
                    changed += await self._take_back(control, collection, page, at)
                    last = page[-1]["_id"]
        return changed

    async def applied(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what was changed for a decision, over all attempts."""
        stages: list[Raw] = [
            {"$match": {"period": period, "decision": decision.value}},
            {"$group": {"_id": {"collection": "$collection", "previous": "$previous"}, "count": {"$sum": 1}}},
        ]
        with translated("sum up what was taken back"):
            groups = await self._records.aggregate(stages).to_list(None)
        return dict(sorted((f"{one['_id']['collection']}.{one['_id']['previous']}", one["count"]) for one in groups))

    async def in_flight(self, period: str) -> int:
        """Count the invitations a mail of which is being sent: they cannot be taken back yet."""
        with translated("count mails in flight"):
            return await self._database.invitations.count_documents({"period": period, "claim": {"$ne": None}})

    async def users(self, period: str, after: str | None, size: int) -> list[str]:
        """Return the next users the period has plans for, in order of id."""
        # A plan's id is made of period and user; "/" comes after ".".
        first = plan_id(period, after) if after is not None else f"{period}."
        with translated("list the users of a period"):
            found = self._database.plans.find(
                {"_id": {"$gt": first, "$lt": f"{period}/"}, "userId": {"$type": "string"}}, {"userId": 1}
            )
            return [raw["userId"] for raw in await found.sort("_id", 1).to_list(size)]

    async def reached(self, period: str) -> list[str]:
        """Return the ids of the invitations that arrived or may have, in order."""
        # As `Invitation.may_have_arrived`.
        doubtful = {"kind": MailKind.INVITATION.value, "verdict": {"$in": [None, Verdict.UNKNOWN.value]}}
        arrived: list[Raw] = [
            {"sentAt": {"$ne": None}},
            {"status": InvitationStatus.UNCERTAIN.value},
            {"doubts": {"$elemMatch": doubtful}},
        ]
        with translated("list who was reached"):
            found = self._database.invitations.find({"period": period, "$or": arrived}, {"_id": 1})
            return [raw["_id"] for raw in await found.sort("_id", 1).to_list(None)]

    async def _page(self, control: Control, collection: str, after: str) -> list[Raw]:
        query = {**_given_up(control.id, control.state, collection), "_id": {"$gt": after}}
        return await self._database[collection].find(query, {"status": 1}).sort("_id", 1).to_list(PAGE)

    async def _take_back(self, control: Control, collection: str, page: Sequence[Raw], at: datetime) -> int:
        records = {raw["_id"]: _record(control, collection, raw, at) for raw in page}
        try:
            await self._records.insert_many([to_raw(one) for one in records.values()], ordered=False)
        except BulkWriteError as error:
            if not only_duplicates(error):
                raise
        source = self._database[collection]
        ended: Raw = {"status": CANCELLED, "reason": control.state.reason}
        stamp: Raw = {"updatedAt": at} if collection == "plans" else {"endedAt": at}
        result = await source.update_many(
            {"_id": {"$in": list(records)}, **_given_up(control.id, control.state, collection)},
            {"$set": {**ended, **stamp}, "$unset": {"retryAt": ""}},
        )
        if result.modified_count < len(records):
            # Answered, claimed or sent in the same moment: nothing was taken back there.
            moved = await source.find({"_id": {"$in": list(records)}, "status": {"$ne": CANCELLED}}, {}).to_list(None)
            await self._records.delete_many({"_id": {"$in": [records[raw["_id"]].id for raw in moved]}})
        return result.modified_count


def _given_up(period: str, decision: ControlState, collection: str) -> Raw:
    # Plans have no claims.
    return {"period": period, "status": {"$in": list(GIVEN_UP[decision][collection])}, "claim": None}


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
