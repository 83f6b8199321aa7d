"""The opt-outs by the links of mails, and how they are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from relance.adapters.mailbox_digests import MailboxDigests, bare
from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw, either, to_raw
from relance.adapters.mongo.errors import translated
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.opt_outs import OptOut, OptOutScope, OptOutWay
from relance.domain.invitations.people import ContactStatus

MOST_KEPT = 20
"""Of one invitation. Further ones take effect, and cannot be taken back."""


class MongoOptOuts:
    """`ports.OptOuts` and `ports.Lifting`: collection `optOuts`, one document per invitation, without ids of people."""

    def __init__(self, database: MotorDatabase, digests: MailboxDigests) -> None:
        self._collection: Collection = database.optOuts
        self._suppressions: Collection = database.suppressions
        self._contacts: Collection = database.contacts
        self._digests = digests

    async def begin(self, invitation_id: str, opt_out: OptOut) -> OptOut:
        """Record an opt-out before it takes effect; return the open one of the same scope if there is one."""
        before = await self.of_invitation(invitation_id)
        known = _open(before, opt_out.scope)
        if known is not None or len(before) >= MOST_KEPT:
            return known or opt_out
        free = {"_id": self._ids(invitation_id)[0], "actions": {"$not": {"$elemMatch": _is_open(opt_out.scope)}}}
        push: Raw = {
            "$push": {"actions": to_raw(opt_out)},
            "$set": {"at": opt_out.at},
        }
        with translated("record an opt-out"):
            try:
                await self._collection.update_one(free, push, upsert=True)
            except DuplicateKeyError:
                # Somebody recorded it in the same moment.
                return _open(await self.of_invitation(invitation_id), opt_out.scope) or opt_out
        return opt_out

    async def of_invitation(self, invitation_id: str) -> list[OptOut]:
        """Return every opt-out by an invitation's link, oldest first."""
        with translated("read opt-outs"):
            found = await self._collection.find({"_id": {"$in": self._ids(invitation_id)}}).to_list(None)
        actions = [OptOut.model_validate(action) for raw in found for action in raw["actions"]]
        return sorted(actions, key=lambda action: action.at)

    async def undo(self, invitation_id: str, scope: OptOutScope, at: datetime, by: OptOutWay) -> bool:
        """Record that the open opt-out of a scope was taken back; return whether there was one."""
        query = {"_id": {"$in": self._ids(invitation_id)}, "actions": {"$elemMatch": _is_open(scope)}}
        with translated("record that an opt-out was taken back"):
            result = await self._collection.update_one(
                query, {"$set": {"actions.$.undoneAt": at, "actions.$.undoneBy": by.value}}
            )
        return result.matched_count == 1

    async def lift(self, mailboxes: Sequence[str], at: datetime) -> int:
        """Lift the suppressions that nothing but the opt-out of this instant has caused; return how many."""
        # `causes` has the newest instant of each cause. Suppressions of earlier versions have none, and stay.
        alone = {"reason": EventKind.OPTED_OUT.value, "at": at, "causes": {EventKind.OPTED_OUT.value: at}}
        with translated("lift a suppression"):
            result = await self._suppressions.delete_many(
                {"_id": {"$in": [bare(mailbox) for mailbox in mailboxes]}, **alone}
            )
        return result.deleted_count

    async def reinstate(self, contact_id: str, opted_out_at: datetime, at: datetime) -> bool:
        """Make a contact active again that was opted out at an instant, unless its status has changed since."""
        as_it_was = {
            "status": ContactStatus.OPTED_OUT.value,
            "statusReason": EventKind.OPTED_OUT.value,
            "statusAt": opted_out_at,
        }
        back = {"status": ContactStatus.ACTIVE.value, "statusReason": "opt_out_undone", "statusAt": at}
        with translated("reinstate a contact"):
            result = await self._contacts.update_one(
                {"_id": {"$in": either([contact_id])}, **as_it_was}, {"$set": back}
            )
        return result.matched_count == 1

    def _ids(self, invitation_id: str) -> list[str]:
        return list(self._digests.of_invitation(invitation_id))


def _is_open(scope: OptOutScope) -> Raw:
    return {"scope": scope.value, "undoneAt": None}


def _open(actions: Sequence[OptOut], scope: OptOutScope) -> OptOut | None:
    return next((action for action in reversed(actions) if action.scope is scope and action.undone_at is None), None)
