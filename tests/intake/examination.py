"""The corpus through the real intake on a real database: what it makes of each message, against what it is."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from composition.intake import intake_service
from relance import ids
from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.contracts.follow_up import InvitationEvent
from relance.domain.intake import IntakeOutcome, MessageEnvelope
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.services.event_plan import Outcome
from relance.services.mail_intake import EVENTS
from relance.settings import Settings
from relance.settings.mail import MailGroup
from tests.intake.corpus import CorpusEntry, entries
from tests.support.keys import PRIVACY, a_key, ring

DOMAIN, BOUNCES = "form-a-friend.test", "bounces.form-a-friend.test"
PERIOD = "2026-11"
SENT_AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
ADDRESSES = {"a": "claire.martin@example.net", "b": "jan.devries@example.org", "u": "renée@example.net"}
TOKENS = LinkTokens(PRIVACY.link_keys)
FOREIGN = LinkTokens(ring(a_key()))

settings = Settings(mail=MailGroup(bounce_domain=BOUNCES, message_id_domain=DOMAIN), privacy=PRIVACY)


@dataclass
class RecordedEvents:
    """Takes events and writes nothing, so that each message meets the same ledger."""

    taken: list[tuple[str, EventKind]] = field(default_factory=list)

    async def take_all(self, events: Sequence[InvitationEvent]) -> Sequence[Outcome]:
        self.taken += [(one.invitation_id, EventKind(one.kind)) for one in events]
        return [Outcome.TAKEN for _ in events]

    async def opt_out(self, invitation_id: str) -> bool:
        self.taken.append((invitation_id, EventKind.OPTED_OUT))
        return True


@dataclass(frozen=True)
class Finding:
    """What the intake made of one message."""

    entry: CorpusEntry
    kind: str
    outcome: str
    events: tuple[tuple[str, EventKind], ...]
    invitation: str

    @property
    def understood(self) -> bool:
        return (self.kind, self.outcome) == (self.entry.kind, self.entry.outcome)

    @property
    def wrong_contact(self) -> bool:
        """Whether it closed a contact it is not about: another one, or one that nothing was to happen to."""
        closes = IntakeOutcome(self.entry.outcome) in EVENTS
        return any(invitation != self.invitation or not closes for invitation, _ in self.events)

    @property
    def hard_about_us(self) -> bool:
        return self.entry.outcome == "about_us" and any(kind is EventKind.BOUNCED for _, kind in self.events)


def invitation_of(number: int, which: str) -> str:
    return ids.invitation_id(PERIOD, f"{number:024x}", f"{number:020x}{'beef' if which == 'b' else 'cafe'}")


def values_of(invitation: str, address: str) -> dict[str, str]:
    """Return what the placeholders of a message stand for."""
    token, mid = TOKENS.bounce_token(invitation), ids.message_id(invitation, MailKind.INVITATION, DOMAIN)
    bounce, unsub = f"bounce+{token}@{BOUNCES}", TOKENS.sign(Purpose.UNSUBSCRIBE, invitation)
    returned = (
        f"Return-Path: <{bounce}>\nReceived: from app by relay; Thu, 5 Nov 2026 17:00:00 +0000\n"
        f"From: Form-a-Friend <bonjour@{DOMAIN}>\n"
        f"To: <{address}>\nMessage-ID: {mid}\nSubject: x\nList-Unsubscribe: <https://{DOMAIN}/u/{unsub}>"
    )
    return {
        **ADDRESSES,
        "A": ADDRESSES["a"].upper(),
        "token": token,
        "bounce": bounce,
        "BOUNCE": bounce.upper(),
        "forged": f"bounce+{FOREIGN.bounce_token(invitation)}@{BOUNCES}",
        "mid": mid,
        "unsub": unsub,
        "form": TOKENS.sign(Purpose.SUBMIT, invitation),
        "forgedunsub": FOREIGN.sign(Purpose.UNSUBSCRIBE, invitation),
        "mailto": f"unsub+{TOKENS.mailto_token(invitation)}@{BOUNCES}",
        "returned": returned,
    }


def with_encoded_words(entry: CorpusEntry, values: Mapping[str, str]) -> bytes:
    """Return the message; `{{word:unsub}}` becomes the token in encoded words (RFC 2047), cut in two."""
    token = values["unsub"]
    half = len(token) // 2
    words = "\r\n ".join(
        f"=?utf-8?B?{base64.b64encode(one.encode()).decode()}?=" for one in (token[:half], token[half:])
    )
    return entry.raw(values).replace(b"{{word:unsub}}", words.encode())


def sent_invitation(database: Database, invitation: str, address: str) -> dict[str, Any]:
    """Return the ledger's entry of an invitation that was sent to an address."""
    key = ids.parse_invitation_id(invitation)
    entry = Invitation(
        id=invitation,
        period=key.period,
        user_id=key.user_id,
        contact_id=key.contact_id,
        status=InvitationStatus.SENT,
        mailboxes=database.suppressions.mailboxes(address),
        sent_at=SENT_AT,
        queued_at=SENT_AT,
    )
    return entry.model_dump(by_alias=True, exclude_none=True)


async def prepare(database: Database, count: int) -> None:
    """Record the invitations the messages may be about: one of each contact per message."""
    await database.ensure_indexes()
    corpus = entries()
    documents: list[dict[str, Any]] = []
    for number in range(count):
        for which in ("a", "b"):
            address = ADDRESSES["u" if which == "a" and corpus[number].contact == "u" else which]
            documents.append(sent_invitation(database, invitation_of(number, which), address))
    await database.raw.invitations.insert_many(documents)


async def examine(database: Database, corpus: Sequence[CorpusEntry] | None = None) -> list[Finding]:
    """Read every message and return what was made of it."""
    corpus = list(corpus or entries())
    await prepare(database, len(corpus))
    return [await _examined(database, number, entry) for number, entry in enumerate(corpus)]


async def _examined(database: Database, number: int, entry: CorpusEntry) -> Finding:
    invitation = invitation_of(number, "a")
    values = values_of(invitation, ADDRESSES["u" if entry.contact == "u" else "a"])
    events = RecordedEvents()
    intake = intake_service(settings, database, events, events.opt_out, lambda _kind, _outcome: None)
    sender, recipient = entry.envelope(values)
    result = await intake.take(with_encoded_words(entry, values), MessageEnvelope(sender, (recipient,)), "file")
    return Finding(entry, result.record.kind, result.record.outcome, tuple(events.taken), invitation)


def figures(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the figures of the Show."""
    confusion = Counter((one.entry.outcome, one.outcome) for one in findings)
    return {
        "messages": len(findings),
        "wrong_contact": sum(one.wrong_contact for one in findings),
        "hard_about_us": sum(one.hard_about_us for one in findings),
        "understood": round(sum(one.understood for one in findings) / len(findings), 4),
        "not_understood": [f"{one.entry.name}: {one.kind}/{one.outcome}" for one in findings if not one.understood],
        "confusion": [{"is": is_, "read_as": read, "count": count} for (is_, read), count in sorted(confusion.items())],
    }
