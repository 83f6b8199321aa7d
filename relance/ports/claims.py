"""Claims and settlements: the result of a connection's last mail, and the claim of its next mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from relance.domain.failures import Failure
from relance.domain.invitations.invitation import DueAt, MailKind, Verdict
from relance.domain.invitations.people import Contact, User


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """Asks to send one mail now. `token` names the sender; `user` and `contact` as read when the batch began.

    The claim remembers `message_id`: a mail whose reply is lost is sent again under it, also with other keys.
    """

    invitation_id: str
    kind: MailKind
    message_id: str
    token: str
    at: datetime
    user: User
    contact: Contact


@dataclass(frozen=True, slots=True)
class Claimed:
    """The mail is ours to send, to this contact as it is now.

    `mailboxes` are the digests of its address, the one that is recorded with an invitation first.
    """

    contact: Contact
    mailboxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The mail must not be sent; the reason is already recorded unless somebody else has the claim (`taken`)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """The mail must not be sent before `until`, because the one before it is too fresh; nothing is recorded."""

    until: datetime


TAKEN = "taken"
"""The reason of a refusal that says nothing about the mail: somebody else has the claim just now."""

ClaimAnswer: TypeAlias = Claimed | Refused | Postponed


@dataclass(frozen=True, slots=True)
class Sent:
    """The relay accepted the mail; `due` for an invitation only."""

    message_id: str
    sent_at: datetime
    late: bool = False
    due: DueAt | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not accepted; to be tried again at `retry_at`. Not `tried`: put off before it was offered to anybody."""

    failure: Failure
    retry_at: datetime
    at: datetime
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """Not accepted, for good."""

    failure: Failure
    at: datetime


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Handed over without a reply, and by policy not sent again."""

    failure: Failure
    at: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """Claimed but not handed over: anyone may claim it again at once."""


Result: TypeAlias = Sent | Deferred | Failed | Uncertain | Released


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of one claimed mail; it counts only while the claim's token is still ours."""

    invitation_id: str
    kind: MailKind
    token: str
    result: Result


@dataclass(frozen=True, slots=True)
class Resolution:
    """How the doubt about one mail ends; `sent` with the verdict `arrived` only."""

    invitation_id: str
    kind: MailKind
    verdict: Verdict
    at: datetime
    sent: Sent | None = None
