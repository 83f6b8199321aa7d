from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from relance.adapters.mongo.connection import Database
from relance.domain.failures import Failure, FailureClass, Severity, Strategy
from relance.domain.invitations.invitation import DueAt, Invitation, InvitationStatus, MailKind
from relance.domain.invitations.people import Contact, User
from relance.ids import invitation_id
from relance.ports import Claimed, ClaimRequest, Result, Sent, Settlement

PERIOD = "2026-11"
AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
DUE = DueAt(first=AT + timedelta(days=3), second=AT + timedelta(days=7), expiry=AT + timedelta(days=30))
SENT = Sent(message_id="<m@form.example>", sent_at=AT, due=DUE)
FULL_MAILBOX = Failure("4.2.2", FailureClass.SOFT_RECIPIENT, Severity.LOW, Strategy.RETRY_LATER, retryable=True)


class People:
    """One user, his contacts, and the ways to claim and settle their mails."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.user = User(id="u1", email="u1@users.example", name="Ursule")

    async def invite(self, count: int = 1, status: InvitationStatus = InvitationStatus.QUEUED) -> list[ClaimRequest]:
        """Store the user, contacts and their invitations; return requests to send each."""
        contacts = [
            Contact(id=f"c{i:04}", user_id="u1", email=f"c{i}@people.example", status="active") for i in range(count)
        ]
        await self.db.raw.users.insert_one(
            {"_id": "u1", "email": "u1@users.example", "name": "Ursule", "status": "active"}
        )
        await self.db.raw.contacts.insert_many(
            [{"_id": one.id, "userId": "u1", "email": one.email, "status": "active"} for one in contacts]
        )
        await self.db.ledger.queue([entry(one.id, status) for one in contacts])
        return [self.request(one) for one in contacts]

    def request(self, contact: Contact, kind: MailKind = MailKind.INVITATION, token: str = "t1") -> ClaimRequest:
        entry_id = invitation_id(PERIOD, "u1", contact.id)
        return ClaimRequest(entry_id, kind, f"<{contact.id}.{kind}@x.example>", token, AT, self.user, contact)

    async def claimed(
        self, status: InvitationStatus = InvitationStatus.QUEUED, kind: MailKind = MailKind.INVITATION
    ) -> ClaimRequest:
        """Invite one contact and claim a mail to him."""
        [request] = await self.invite(1, status)
        request = self.request(request.contact, kind)
        assert isinstance(await self.db.ledger.exchange(None, request), Claimed)
        return request

    async def stored(self, request: ClaimRequest) -> Invitation:
        found = await self.db.ledger.get(request.invitation_id)
        assert found is not None
        return found

    async def change(self, request: ClaimRequest, fields: Mapping[str, Any]) -> None:
        await self.db.raw.invitations.update_one({"_id": request.invitation_id}, {"$set": dict(fields)})


def entry(contact_id: str, status: InvitationStatus = InvitationStatus.QUEUED) -> Invitation:
    return Invitation(
        id=invitation_id(PERIOD, "u1", contact_id),
        period=PERIOD,
        user_id="u1",
        contact_id=contact_id,
        status=status,
        queued_at=AT,
    )


def settle(request: ClaimRequest, result: Result) -> Settlement:
    return Settlement(request.invitation_id, request.kind, request.token, result)
