"""Documents about people in every store, and what forgets them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.privacy.person import Person
from relance.ids import invitation_id
from relance.ports.privacy import PersonEntry
from relance.services.privacy import Forgetting, new_erasure

CONTACTS = (("c1", "u1"), ("c2", "u1"), ("d1", "u2"))
ADDRESSES = {"c1": "Renée@people.example", "c2": "remi@people.example", "d1": "renée@PEOPLE.example"}
PERIOD, AT = "2026-11", datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
OLD = "2026-08"


@dataclass
class Follow:
    """Follow-ups that are told of."""

    forgotten: list[str] = field(default_factory=list)

    async def survey(self, person: Person, entries: Sequence[PersonEntry]) -> int:
        return len({(entry.period, entry.user_id) for entry in entries})

    async def forget(self, person: Person, entries: Sequence[PersonEntry], at: datetime) -> None:
        self.forgotten += [entry.id for entry in entries]


@dataclass
class Now:
    at: datetime = AT

    def now(self) -> datetime:
        return self.at


@dataclass
class Everything:
    """A user `u1` with contacts `c1` and `c2`, and a user `u2` who has `c1`'s mailbox among his contacts as `d1`."""

    db: Database
    follow: Follow = field(default_factory=Follow)
    clock: Now = field(default_factory=Now)

    @property
    def forgetting(self) -> Forgetting:
        return Forgetting(data=self.db.person_data, erasures=self.db.erasures, follow_ups=self.follow, clock=self.clock)

    async def write(self) -> None:
        users = [
            {"_id": "u1", "email": "Ursule@Büro.example", "name": "Ursule", "status": "deleted"},
            {"_id": "u2", "email": "odile@users.example", "name": "Odile", "status": "active"},
        ]
        people = [
            {"_id": name, "userId": user, "email": ADDRESSES[name], "name": name, "status": "active"}
            for name, user in CONTACTS
        ]
        found: dict[str, list[dict[str, Any]]] = {"users": users, "contacts": people}
        for period in (PERIOD, OLD):
            found.setdefault("plans", []).extend(plan(period, user) for user in ("u1", "u2"))
            found.setdefault("errorGates", []).append(
                {"_id": f"{period}/begun", "version": 1, "failing": [{"user": name, "at": 1} for name in ("u1", "u2")]}
            )
            found.setdefault("planSearches", []).append(
                {"_id": period, "at": AT, "waiting": [{"userId": name, "since": AT} for name in ("u1", "u2")]}
            )
            for contact, user in CONTACTS:
                for name, raws in self.about(period, user, contact).items():
                    found.setdefault(name, []).extend(raws)
        await asyncio.gather(*(self.db.raw[name].insert_many(raws) for name, raws in found.items()))

    def about(self, period: str, user: str, contact: str) -> dict[str, list[dict[str, Any]]]:
        """Return what each store holds of one invitation."""
        db, entry = self.db, invitation_id(period, user, contact)
        boxes = list(db.suppressions.mailboxes(ADDRESSES[contact])[:1])
        digest = sha256(entry.encode()).hexdigest()
        answers = {"answers": [{"answer": "taken", "invitationId": entry}]}
        return {
            "invitations": [
                {
                    "_id": entry,
                    "period": period,
                    "userId": user,
                    "contactId": contact,
                    "status": InvitationStatus.SENT.value,
                    "mailboxes": boxes,
                    "messageId": f"<{entry}.invitation@form.example>",
                    "doubts": [{"kind": "first", "since": AT, "messageId": f"<{entry}.first@form.example>"}],
                    "reminders": [{"type": "first", "sentAt": AT, "messageId": f"<{entry}.first@form.example>"}],
                    "sentAt": AT,
                    "dueAt": {"first": AT, "second": AT, "expiry": AT + timedelta(days=30)},
                    "queuedAt": AT,
                }
            ],
            "mailboxSlots": [{"_id": f"{period}.{boxes[0]}.{0 if user == 'u1' else 1}", "invitation": entry}],
            "opens": [{"_id": entry, "contactId": contact, "at": AT, "personAt": AT}],
            "intakeMessages": [{"_id": f"r{digest}", "invitationId": entry, "at": AT}],
            "intakeKept": [
                {"_id": f"k{digest}", "at": AT, "raw": f"Final-Recipient: rfc822; {ADDRESSES[contact]}".encode()}
            ],
            "inbox": [{"_id": f"i{digest}", "answer": json.dumps(answers), "at": AT, "digest": "d"}],
            "quarantine": [
                {"_id": f"invitations.{entry}", "at": AT, "reason": "r", "user": user},
                {"_id": f"compensations.rolled_back/invitations/{entry}", "at": AT, "reason": "r"},
            ],
            "compensations": [
                {
                    "_id": f"rolled_back/invitations/{entry}",
                    "period": period,
                    "decision": "rolled_back",
                    "collection": "invitations",
                    "documentId": entry,
                    "previous": "sent",
                    "new": "cancelled",
                    "by": "ops",
                    "at": AT,
                }
            ],
            "chatMessages": [
                {"_id": f"chat/console/{digest}{end}", "number": number, "at": AT, "plain": said, "rows": rows}
                for end, number, said, rows in (
                    ("", int(digest[:12], 16), f"why {contact}", []),
                    ("/answer", int(digest[12:24], 16), "Why:", [f"{entry}: it was sent"]),
                )
            ],
            "optOuts": [
                {"_id": db.digests.of_invitation(entry)[0], "at": AT, "actions": [{"scope": "everyone", "at": AT}]}
            ],
        }

    async def forget(self, *, contact: str = "", user: str = "", address: str = "") -> str:
        data = self.db.person_data
        found = (
            await data.of_contact(contact)
            if contact
            else await data.of_user(user)
            if user
            else await data.of_address(address)
        )
        record = new_erasure(found, by="ops", reason="ticket", clock=self.clock)
        await self.db.erasures.begin(record)
        return record.id

    async def whole(self) -> dict[str, list[dict[str, Any]]]:
        """Return every document of ours, by collection."""
        names = await self.db.raw.list_collection_names()
        return {
            name: sorted(await self.db.raw[name].find({}).to_list(None), key=lambda raw: str(raw["_id"]))
            for name in sorted(names)
            if name not in {"users", "contacts"}
        }


def plan(period: str, user: str) -> dict[str, Any]:
    return {
        "_id": f"{period}.{user}",
        "period": period,
        "userId": user,
        "instant": AT,
        "local": "2026-11-05T18:00",
        "zone": "Europe/Paris",
        "status": "done",
        "contacts": 2 if user == "u1" else 1,
        "updatedAt": AT,
    }


@pytest.fixture
async def everything(db: Database) -> Everything:
    found = Everything(db)
    await found.write()
    return found
