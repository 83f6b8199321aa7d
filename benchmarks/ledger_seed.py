"""The ledger as a cycle leaves it: every plan done, every invitation sent three days ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from benchmarks.people import Documents
from relance import ids
from relance.adapters.mailbox_digests import MailboxDigests
from relance.adapters.mongo.documents import to_raw
from relance.domain.cycle.planning import Plan, PlanStatus
from relance.domain.invitations.invitation import DueAt, Invitation, InvitationStatus, MailKind
from tests.support.installation import Installation
from tests.support.keys import privacy_of

DOMAIN = "mail.example"
ZONE = "Europe/Paris"
PAGE = 5_000


async def sent_long_ago(installation: Installation, period: str, users: Documents, contacts: Documents) -> None:
    """Write the plans and the entries of these people, whose users and contacts are there already."""
    sent = datetime.now(UTC) - timedelta(days=3)
    digests = MailboxDigests(privacy_of(installation.environment).suppression_keys)
    counts: dict[str, int] = {}
    for contact in contacts:
        counts[contact["userId"]] = counts.get(contact["userId"], 0) + 1
    plans = [_plan(period, user["_id"], sent, counts.get(user["_id"], 0)) for user in users]
    raw = installation.database.raw
    for start in range(0, len(plans), PAGE):
        await raw.plans.insert_many([to_raw(plan) for plan in plans[start : start + PAGE]])
    for start in range(0, len(contacts), PAGE):
        page = contacts[start : start + PAGE]
        entries = [_entry(period, contact["userId"], contact["_id"], sent) for contact in page]
        await raw.invitations.insert_many(
            [
                {**to_raw(entry), "mailboxes": list(digests.of(contact["email"])[:1])}
                for entry, contact in zip(entries, page, strict=True)
            ]
        )


def _plan(period: str, user: str, sent: datetime, contacts: int) -> Plan:
    return Plan(
        id=f"{period}.{user}",
        period=period,
        user_id=user,
        instant=sent,
        local=sent.strftime("%Y-%m-%dT%H:%M:%S"),
        zone=ZONE,
        status=PlanStatus.DONE,
        contacts=contacts,
        updated_at=sent,
    )


def _entry(period: str, user: str, contact: str, sent: datetime) -> Invitation:
    invitation = ids.invitation_id(period, user, contact)
    return Invitation(
        id=invitation,
        period=period,
        user_id=user,
        contact_id=contact,
        status=InvitationStatus.SENT,
        attempts=1,
        message_id=ids.message_id(invitation, MailKind.INVITATION, DOMAIN),
        sent_at=sent,
        due_at=DueAt(first=sent + timedelta(days=3), second=sent + timedelta(days=7), expiry=sent + timedelta(days=30)),
        queued_at=sent,
    )
