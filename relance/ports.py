"""What the activities and the CLI need from the world, named by role.

`relance.adapters` has the real things; `tests.fakes` the ones that can be told to fail. Every method is safe to call
twice with the same arguments unless it says otherwise, and raises `errors.DependencyUnavailable` when the server behind
it cannot be reached.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from relance.contracts.cycle import Boundary, CycleStatistics
from relance.contracts.follow_up import FollowUpInput, InvitationEvent
from relance.domain.chat_message import ChatMessage
from relance.domain.failures import Failure
from relance.domain.invitation import DueAt, Invitation, MailKind
from relance.domain.messages import OutgoingMessage
from relance.domain.people import Contact, ContactStatus, User
from relance.domain.plan import Plan, PlanStatus
from relance.domain.reports import ReportRequest, ReportTable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a keyset scan; `quarantined` counts the documents set aside as invalid."""

    items: list[T]
    last_id: str
    quarantined: int = 0


class Users(Protocol):
    """The application's users; read only."""

    def pages(self, *, after: str | None = None, size: int = 500) -> AsyncIterator[Page[User]]:
        """Yield every valid user in order of id, after the given id."""

    async def by_ids(self, ids: Sequence[str]) -> dict[str, User]:
        """Return the valid users among these, by id."""


class Contacts(Protocol):
    """The application's contacts; we write their status only."""

    async def of_users(self, user_ids: Sequence[str]) -> dict[str, list[Contact]]:
        """Return each user's valid contacts, by user id; invalid ones are quarantined."""

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Contact]:
        """Return the valid contacts among these, by id."""

    async def set_status(self, contact_id: str, status: ContactStatus, reason: str, at: datetime) -> bool:
        """Set a contact's status; return whether it was another one before."""


class Suppressions(Protocol):
    """Addresses nobody may write to, remembered as keyed hashes (SPEC section 13)."""

    async def add(self, address: str, reason: str, at: datetime) -> None:
        """Suppress an address; the first reason stays."""

    async def suppressed(self, addresses: Sequence[str]) -> set[str]:
        """Return those of the addresses that are suppressed."""


class Plans(Protocol):
    """The plans of a period."""

    async def write(self, plans: Sequence[Plan]) -> tuple[int, int]:
        """Insert new plans and update those still `planned` that differ; return (inserted, changed).

        A plan that exists is only moved to an instant after its `updated_at`: a change of preference that would put
        the send into the past counts from the next period on.
        """

    async def next_instant(self, period: str, *, excluding: Sequence[datetime] = ()) -> tuple[datetime, int] | None:
        """Return the earliest instant of a `planned` or `sending` plan, but these, and how many plans have it."""

    async def boundaries(
        self, period: str, instant: datetime, after: str | None, size: int, limit: int
    ) -> list[Boundary]:
        """Return the next batch boundaries of a wave, over its `planned` and `sending` plans in order of user id."""

    async def begin(self, period: str, instant: datetime, boundary: Boundary, at: datetime) -> list[Plan]:
        """Move the boundary's `planned` plans to `sending`; return all that are `sending` now."""

    async def finish(
        self, period: str, user_ids: Sequence[str], status: PlanStatus, at: datetime, reason: str | None = None
    ) -> None:
        """Move these `sending` plans to an end status."""

    async def expect(self, period: str, contacts: Mapping[str, int]) -> None:
        """Note on each user's plan how many contacts its batch found: the balance is drawn against their sum."""

    async def expected(self, period: str) -> int:
        """Return the sum of the noted contacts over the period."""

    async def of_user(self, user_id: str) -> list[Plan]:
        """Return a user's plans, newest period first."""

    async def open_count(self, period: str) -> int:
        """Count the period's `planned` and `sending` plans."""


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """Asks to send one mail now. `token` names the sender; `user` and `contact` as read when the batch began."""

    invitation_id: str
    kind: MailKind
    token: str
    at: datetime
    user: User
    contact: Contact


@dataclass(frozen=True, slots=True)
class Claimed:
    """The mail is ours to send, to this contact as it is now."""

    contact: Contact


@dataclass(frozen=True, slots=True)
class Refused:
    """The mail must not be sent; the reason is already recorded unless somebody else has the claim (`taken`)."""

    reason: str


TAKEN = "taken"
"""The reason of a refusal that says nothing about the mail: somebody else has the claim just now."""

ClaimAnswer: TypeAlias = Claimed | Refused


@dataclass(frozen=True, slots=True)
class Sent:
    """The relay accepted the mail; `due` for an invitation only."""

    message_id: str
    sent_at: datetime
    late: bool = False
    due: DueAt | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not accepted; to be tried again at `retry_at`."""

    failure: Failure
    retry_at: datetime
    at: datetime


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


class Ledger(Protocol):
    """The invitations: who was sent what, and why not."""

    async def queue(self, invitations: Sequence[Invitation]) -> int:
        """Insert the entries that are not there yet; return how many were new."""

    async def of_users(self, period: str, user_ids: Sequence[str]) -> dict[str, list[Invitation]]:
        """Return the entries of these users, by user id."""

    async def get(self, invitation_id: str) -> Invitation | None:
        """Return one entry."""

    async def of_contact(self, contact_id: str) -> list[Invitation]:
        """Return a contact's entries, newest period first."""

    async def exchange(self, settle: Settlement | None, claim: ClaimRequest | None) -> ClaimAnswer | None:
        """Record the result of the last mail and claim the next one, in one durable round trip.

        The one call a connection makes per mail. Callers that wait at the same time share their round trips. The
        claim reads user, contact and suppressions again and decides with `domain.eligibility` in the same step, so an
        opt-out counts up to the last moment (SPEC C6). A claim of another token counts as dead when the caller has
        listed it with `take_over` before.
        """

    async def take_over(self, period: str, user_ids: Sequence[str], token: str) -> int:
        """Drop the claims on these users' entries that belong to another token; return how many.

        Only the activity that Temporal retries may call it: its earlier attempt is then known to be over. Claims on
        invitations become free to be sent again with the same Message-ID; claims on reminders are recorded as
        uncertain and stay unsent (SPEC X4).
        """

    async def skip(self, invitation_id: str, kind: MailKind, reason: str, at: datetime) -> None:
        """Record why a mail is not sent: of an unsent invitation as its status, of a reminder once per kind."""

    async def expire(self, invitation_ids: Sequence[str], at: datetime) -> int:
        """Move sent and opened entries to `expired`; return how many."""

    async def apply_event(self, event: InvitationEvent) -> bool:
        """Move an entry forward for an event; return whether anything changed."""

    async def outcomes(self, period: str) -> list[Mapping[str, Any]]:
        """Return `{status, reason, class, sent, count}` per combination over the period (`domain.ledger` sums up)."""

    async def reminder_outcomes(self, period: str) -> list[Mapping[str, Any]]:
        """Return `{type, reason, count}` per combination over the period; reason None are the reminders sent."""


class JobRuns(Protocol):
    """One record per nominal time of every job (SPEC H3)."""

    async def record(self, job: str, nominal: datetime, state: str, at: datetime, detail: Mapping[str, Any]) -> bool:
        """Record a run once; return whether this call made the record."""

    async def store_statistics(self, statistics: CycleStatistics, at: datetime) -> None:
        """Store how a cycle ended, replacing an earlier report of the period."""

    async def statistics(self, period: str) -> CycleStatistics | None:
        """Return the stored report of a period."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to be written and sent: everything the templates may show.

    `to_name`, `sender_name` are personal data and live in memory only. `references` is the invitation's Message-ID on
    reminders (SPEC R4).
    """

    invitation_id: str
    kind: MailKind
    message_id: str
    to_address: str
    to_name: str
    sender_name: str
    locale: str
    date: datetime
    references: str | None = None


class MailLane(Protocol):
    """One connection to the relay, held for as long as it has mails to send."""

    @property
    def paced(self) -> bool:
        """Whether a rate limit is set, so that `turn` may have to wait."""

    async def turn(self, to_address: str) -> None:
        """Wait until the rate limits allow a mail to this address; before it is claimed, so that an opt-out counts."""

    async def send(self, letter: Letter) -> None:
        """Hand one mail over and wait for the relay's acceptance.

        Raises:
            MailRefused: the relay answered 4xx or 5xx.
            MailUncertain: the reply to the data never came.
            DependencyUnavailable: the connection broke before the data: the mail was certainly not sent.
        """


class Mailer(Protocol):
    """The connections to the relay."""

    @property
    def connections(self) -> int:
        """The most connections that are open at once in this process."""

    def lane(self) -> AbstractAsyncContextManager[MailLane]:
        """Wait for a free connection, opening one if allowed.

        Raises:
            DependencyUnavailable: the relay cannot be reached.
        """


class FollowUps(Protocol):
    """The follow-up workflows."""

    async def start(self, follow_up: FollowUpInput) -> bool:
        """Start a follow-up; return False if it was started before."""

    async def tell(self, event: InvitationEvent) -> bool:
        """Signal the follow-up of an invitation; return False if it does not exist or has ended."""


class Reports(Protocol):
    """The partner desk's traffic reports (SPEC section 5).

    Every method raises `ReportUnavailable`, `ReportRefused` or `ReportUnusable`; what it returns is complete.
    """

    async def prepare(self) -> None:
        """Look up the zone and the currency, once per process (SPEC W5); shows whether address and key are right."""

    async def rows(self, request: ReportRequest) -> ReportTable:
        """Return a complete report, or raise: a truncated, partial or stale one is never returned (SPEC W4)."""

    async def partner_status(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the account status of those of these partners that exist: active, inactive, pending, suspended."""

    async def offer_status(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the status of those of these offers that exist; a paused one earns nothing."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel has the message; `repeated` if it tells that it had it already."""

    channel: str
    repeated: bool = False


class Channel(Protocol):
    """One way to people."""

    @property
    def name(self) -> str:
        """What the channel is called in settings, records and metrics."""

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Hand one message over; the same key again is the same message.

        Raises:
            ChannelUnavailable: not now; it may have arrived.
            ChannelRefused: it will not be taken.
            ChannelGone: the channel is to be disabled.
            DependencyUnavailable: our own database cannot be reached (inbox only).
        """


class ChatMessages(Protocol):
    """The in-app chat inbox: every message once, in the order in which they were stored."""

    async def add(self, message: OutgoingMessage) -> bool:
        """Store a message with its attachments; return False if its key was there before."""

    async def page(self, *, after: str = "", size: int = 100) -> Page[ChatMessage]:
        """Return what was stored after a page's `last_id`, oldest first, without the attachments' content.

        A reader that goes on from `last_id` misses nothing: a message never appears before one it has read.
        """

    async def attachment(self, key: str, filename: str) -> bytes | None:
        """Return an attachment of a message."""


class Meter(Protocol):
    """Counts and durations for operators; without ids of people."""

    def mail(self, kind: MailKind, result: Result, seconds: float) -> None:
        """Count one mail handed to the relay."""

    def follow_up_started(self) -> None:
        """Count one follow-up."""

    def reminder_skipped(self, kind: MailKind, reason: str) -> None:
        """Count one reminder that was due and not sent; `reason` is a code."""

    def plan_notes(self, notes: Mapping[str, int]) -> None:
        """Count the notes of one page of plans, by code."""


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
