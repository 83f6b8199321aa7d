"""How many users invite one mailbox in a period: no claim without a slot of the mailbox (SPEC C6).

A slot is one document, `_id` `<period>.<digest of the mailbox>.<number>`, and belongs to one user's invitation. Of two
who take the same one at the same time one has it, by the `_id` alone. It is taken before the claim is written and never
given back: an invitation that is tried again, by any process, finds its own slot. Who dies in between, or is refused
for another reason after all, leaves a slot that counts for the rest of the period: there may be fewer invitations,
never more.

A batch takes the slots of its mails at once, because one by one they would take longer than the claims: 1,000 in a
round trip cost a tenth of a claim each, in groups of claims as much as the claim. What the process knows to have is not
asked about again; what the batch did not take, because the address has changed since, is taken with the claim.

All of a period goes by one key, which is recorded with the first slot: keys may change meanwhile, and a mailbox counts
once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from relance.adapters.mailbox_digests import key_of
from relance.adapters.mongo.documents import Collection, MotorDatabase
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.domain.invitations.bounds import DEFAULT_BOUNDS, Bounds, slot_for
from relance.domain.invitations.eligibility import Refusal
from relance.ids import parse_invitation_id

SLOTS = "mailboxSlots"
_PAGE = 5000
_AT_ONCE = 500
_KNOWN = 20_000
"""Slots remembered between the batch and its claims; whatever is forgotten is looked up."""


class MailboxSlots:
    """Takes slots of mailboxes, over the collection `mailboxSlots`."""

    def __init__(self, database: MotorDatabase, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        self._collection: Collection = database[SLOTS]
        # The faster process is seen at once, before a majority has its slot: else the same number would be tried again.
        self._newest: Collection = self._collection.with_options(read_concern=ReadConcern("local"))
        self._slots = bounds.users_per_mailbox
        self._keys: dict[str, str] = {}
        self._known: dict[str, str] = {}

    async def take_ahead(self, wanted: Mapping[str, Sequence[str]]) -> None:
        """Take slots for invitations that are about to be claimed, as far as there are any."""
        ids = list(wanted)
        for start in range(0, len(ids), _AT_ONCE):
            mailboxes = {
                invitation_id: await self._mailbox(invitation_id, wanted[invitation_id])
                for invitation_id in ids[start : start + _AT_ONCE]
            }
            refused = await self._take(mailboxes)
            self._known.update(
                {invitation_id: mailbox for invitation_id, mailbox in mailboxes.items() if invitation_id not in refused}
            )
        while len(self._known) > _KNOWN:
            del self._known[next(iter(self._known))]

    async def take(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, Refusal]:
        """Take a slot for each invitation, given with its mailbox's digests; return the refusals by invitation id."""
        mailboxes = {
            invitation_id: await self._mailbox(invitation_id, digests) for invitation_id, digests in wanted.items()
        }
        return await self._take(
            {
                invitation_id: mailbox
                for invitation_id, mailbox in mailboxes.items()
                if self._known.pop(invitation_id, "") != mailbox
            }
        )

    async def _take(self, mailboxes: Mapping[str, str]) -> dict[str, Refusal]:
        # Most mailboxes are invited by one user: their first slot is taken without a look.
        refused: dict[str, Refusal] = {}
        slots = dict.fromkeys(mailboxes, 0)
        while slots:
            missed = await self._insert(
                {invitation_id: (mailboxes[invitation_id], number) for invitation_id, number in slots.items()}
            )
            holders = await self._holders({mailboxes[invitation_id] for invitation_id in missed})
            slots = {}
            for invitation_id in missed:
                answer = slot_for(
                    invitation_id,
                    parse_invitation_id(invitation_id).user_id,
                    holders[mailboxes[invitation_id]],
                    self._slots,
                )
                if isinstance(answer, Refusal):
                    refused[invitation_id] = answer
                elif not answer.held:
                    slots[invitation_id] = answer.number
        return refused

    async def forget(self, periods: Sequence[str]) -> None:
        """Forget the slots of these periods, page by page."""
        for period in periods:
            ids = {"$gt": f"{period}.", "$lt": f"{period}/"}
            with translated("forget the slots of mailboxes"):
                while found := await self._collection.find({"_id": ids}, {"_id": 1}).limit(_PAGE).to_list(None):
                    await self._collection.delete_many({"_id": {"$in": [raw["_id"] for raw in found]}})

    async def _insert(self, slots: Mapping[str, tuple[str, int]]) -> list[str]:
        """Take these slots; return the invitations whose slot somebody has."""
        invitations = list(slots)
        documents = [{"_id": _id(*slots[invitation]), "invitation": invitation} for invitation in invitations]
        with translated("take slots of mailboxes"):
            try:
                await self._collection.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise
                return [invitations[failure["index"]] for failure in error.details["writeErrors"]]
        return []

    async def _holders(self, mailboxes: set[str]) -> dict[str, dict[int, tuple[str, str]]]:
        holders: dict[str, dict[int, tuple[str, str]]] = {box: {} for box in mailboxes}
        if not mailboxes:
            return holders
        ids = [_id(box, number) for box in mailboxes for number in range(self._slots)]
        with translated("look up slots of mailboxes"):
            found = await self._newest.find({"_id": {"$in": ids}}).to_list(None)
        for raw in found:
            mailbox, _, number = raw["_id"].rpartition(".")
            holders[mailbox][int(number)] = (parse_invitation_id(raw["invitation"]).user_id, raw["invitation"])
        return holders

    async def _mailbox(self, invitation_id: str, digests: Sequence[str]) -> str:
        period = parse_invitation_id(invitation_id).period
        key = self._keys.get(period) or await self._key(period, key_of(digests[0]))
        # A process without that key counts by the key it writes with.
        return f"{period}.{next((digest for digest in digests if key_of(digest) == key), digests[0])}"

    async def _key(self, period: str, ours: str) -> str:
        with translated("look up the key of a period's mailboxes"):
            query = {"_id": _id(period, "key")}
            await self._collection.update_one(query, {"$setOnInsert": {"key": ours}}, upsert=True)
            found = await self._collection.find_one(query)
        self._keys[period] = found["key"] if found else ours
        return self._keys[period]


def _id(mailbox: str, number: int | str) -> str:
    return f"{mailbox}.{number}"
