"""What the commands need from outside; `starter.py` alone knows the real things."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from temporalio.client import Client

    from relance.domain.mail_setup.relay_tls import RelayTls
    from relance.domain.mail_setup.trial_mail import TrialMail
    from relance.gateway.unsubscribe_check import LinkTrouble
    from relance.ports import (
        Alerts,
        AuditMarks,
        Channel,
        ChannelStates,
        ChatMessages,
        Clock,
        Compensations,
        Contacts,
        Controls,
        Effectiveness,
        Effects,
        HealthChecks,
        InstalledKeys,
        JobRuns,
        Ledger,
        MessageIds,
        Outbox,
        Plans,
        Probe,
        Quarantine,
        RelayLog,
        Reports,
        Restores,
        Silences,
        Suppressions,
        Users,
    )
    from relance.ports.console import Sessions, SignIns
    from relance.ports.dns import DnsLookups
    from relance.ports.health import Workers
    from relance.ports.mail_intake import IntakeMessages
    from relance.ports.privacy import Erasures, PersonData
    from relance.ports.unsent import UnsentUsers
    from relance.services.coverage import CoverageWatch
    from relance.services.mail_intake import MailIntake
    from relance.services.mail_preview import MailPreviews
    from relance.settings import Settings


class Repositories(Protocol):
    """An open database with its repositories."""

    @property
    def users(self) -> Users:
        """The application's users."""

    @property
    def contacts(self) -> Contacts:
        """The application's contacts."""

    @property
    def suppressions(self) -> Suppressions:
        """The suppressed addresses."""

    @property
    def keys(self) -> InstalledKeys:
        """The fingerprints of this installation's keys."""

    @property
    def plans(self) -> Plans:
        """The plans."""

    @property
    def unsent(self) -> UnsentUsers:
        """Who has a plan, and who of whom has an entry."""

    @property
    def controls(self) -> Controls:
        """The controls of the cycles."""

    @property
    def compensations(self) -> Compensations:
        """What cycles changed, taken back."""

    @property
    def ledger(self) -> Ledger:
        """The invitations."""

    @property
    def effectiveness(self) -> Effectiveness:
        """What the reminders achieved."""

    @property
    def job_runs(self) -> JobRuns:
        """The job runs and stored reports."""

    @property
    def audit_marks(self) -> AuditMarks:
        """How far the jobs are audited."""

    @property
    def alerts(self) -> Alerts:
        """The alerts."""

    @property
    def silences(self) -> Silences:
        """The silences."""

    @property
    def chat_messages(self) -> ChatMessages:
        """The in-app chat inbox."""

    @property
    def channel_states(self) -> ChannelStates:
        """How each channel fares."""

    @property
    def outbox(self) -> Outbox:
        """What follow-ups have yet to be notified of."""

    @property
    def effects(self) -> Effects:
        """What the workers' work leaves behind."""

    @property
    def quarantine(self) -> Quarantine:
        """The documents that could not be read."""

    @property
    def intake_messages(self) -> IntakeMessages:
        """The messages the mail intake has read."""

    @property
    def person_data(self) -> PersonData:
        """What is kept about a person."""

    @property
    def erasures(self) -> Erasures:
        """The records of who was forgotten."""

    @property
    def restores(self) -> Restores:
        """The last restore of the database."""

    @property
    def sign_ins(self) -> SignIns:
        """The sign-ins of the console that have begun."""

    @property
    def sessions(self) -> Sessions:
        """The sessions of the console."""

    @property
    def workers(self) -> Workers:
        """What the worker processes say about themselves."""

    async def ensure_indexes(self) -> None:
        """Create the indexes that are not there yet."""

    async def missing_indexes(self) -> list[str]:
        """Return the indexes that are not there, as `collection(field, ...)`."""


@dataclass(frozen=True, slots=True)
class LiveHealth:
    """The probes of the health check, where its runs have left what they know, and the watch over the periods.

    `periods` needs Temporal, and is None without it.
    """

    probes: Sequence[Probe]
    checks: HealthChecks
    periods: CoverageWatch | None = None


DatabaseFactory: TypeAlias = "Callable[[Settings], AbstractAsyncContextManager[Repositories]]"
TemporalFactory: TypeAlias = "Callable[[], Awaitable[Client]]"
ReportsFactory: TypeAlias = "Callable[[Settings], AbstractAsyncContextManager[Reports]]"
RelayLogFactory: TypeAlias = "Callable[[Settings], AbstractAsyncContextManager[RelayLog | None]]"
ChannelsFactory: TypeAlias = "Callable[[Settings, Repositories], AbstractAsyncContextManager[Mapping[str, Channel]]]"
RelayCheck: TypeAlias = "Callable[[Settings], Awaitable[None]]"
GatewayCheck: TypeAlias = "Callable[[Settings], Awaitable[None]]"
LinksCheck: TypeAlias = "Callable[[Settings], Awaitable[Mapping[str, LinkTrouble | None]]]"
IntakeCheck: TypeAlias = "Callable[[Settings], Awaitable[str]]"
DnsFactory: TypeAlias = "Callable[[Sequence[str]], DnsLookups]"
RelayTlsCheck: TypeAlias = "Callable[[Settings], Awaitable[RelayTls]]"
TrialMailReader: TypeAlias = "Callable[[bytes, DnsLookups], Awaitable[TrialMail]]"


class PreviewsFactory(Protocol):
    """Makes what writes previews, or trial mails."""

    def __call__(self, loaded: Settings, *, trial: bool = False) -> MailPreviews:
        """Return it; raises SettingsError where the folder of the templates is wrong."""


DeadmanCall: TypeAlias = "Callable[[Settings], Awaitable[bool]]"
ProbesFactory: TypeAlias = "Callable[[Settings, Client | None], AbstractAsyncContextManager[LiveHealth]]"
Documents: TypeAlias = "Sequence[Mapping[str, Any]]"
Span: TypeAlias = "Callable[[str], AbstractContextManager[object]]"
MessageIdsFactory: TypeAlias = "Callable[[Settings], MessageIds]"
MailIntakeFactory: TypeAlias = "Callable[[Settings, Repositories], MailIntake]"
TrialSender: TypeAlias = "Callable[[Settings, str, bytes], Awaitable[None]]"
SampleLoader: TypeAlias = "Callable[[Settings, Documents, Documents], Awaitable[bool]]"


@dataclass(frozen=True, slots=True)
class Services:
    """Factories of everything a command may open; who opens closes.

    `load_samples` writes users and contacts into a database without users and says whether it did; `worker` is the
    command line of a worker process; `span` surrounds a command, by its name, with a trace where traces are collected.
    """

    settings: Callable[[], Settings]
    clock: Clock
    database: DatabaseFactory
    temporal: TemporalFactory
    reports: ReportsFactory
    check_relay: RelayCheck
    relay_log: RelayLogFactory
    message_ids: MessageIdsFactory
    check_gateway: GatewayCheck
    check_links: LinksCheck
    greet_intake: IntakeCheck
    dns: DnsFactory
    relay_tls: RelayTlsCheck
    trial_mail: TrialMailReader
    call_deadman: DeadmanCall
    health: ProbesFactory
    channels: ChannelsFactory
    load_samples: SampleLoader
    mail_intake: MailIntakeFactory
    mail_previews: PreviewsFactory
    send_trial: TrialSender
    worker: Sequence[str]
    span: Span = nullcontext
