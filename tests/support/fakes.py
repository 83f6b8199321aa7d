"""Ports in memory that record what they are asked and can be told to fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relance.contracts.alerts import Decided, DetailsAsked, Inhibited, Sighted
from relance.contracts.control import ControlChange
from relance.contracts.follow_up import FollowUpInput, InvitationEvent
from relance.domain.channels.messages import Attachment
from relance.domain.invitations.invitation import MailKind
from relance.errors import DependencyUnavailable
from relance.ports import Fate, Knowledge, LogCoverage, OutgoingMail, RelayRecord, Result


@dataclass
class FakeMailer:
    """Accepts every mail, unless the script of its address says otherwise.

    A script is a list of exceptions, one per try; after its end mails are accepted. `before` runs before each mail.
    Mails to the addresses in `slow` are put off.
    """

    connections: int = 4
    scripts: dict[str, list[Exception]] = field(default_factory=dict)
    before: Callable[[OutgoingMail], Awaitable[None]] | None = None
    accepted: list[OutgoingMail] = field(default_factory=list)
    tried: list[OutgoingMail] = field(default_factory=list)
    refusing_connections: int = 0
    opening: Exception | None = None
    slow: dict[str, timedelta] = field(default_factory=dict)

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[FakeMailer]:
        if self.opening is not None:
            raise self.opening
        if self.refusing_connections:
            self.refusing_connections -= 1
            raise DependencyUnavailable("relay", "connection refused")
        yield self

    def is_free(self, to_address: str) -> bool:
        return to_address not in self.slow

    async def acquire(self, to_address: str) -> timedelta | None:
        await asyncio.sleep(0)
        return self.slow.get(to_address)

    async def send(self, letter: OutgoingMail) -> None:
        if self.before is not None:
            await self.before(letter)
        self.tried.append(letter)
        script = self.scripts.get(letter.to_address)
        if script:
            raise script.pop(0)
        await asyncio.sleep(0)
        self.accepted.append(letter)

    def invitations_sent(self) -> list[str]:
        return sorted(letter.invitation_id for letter in self.accepted)


@dataclass
class FakeFollowUps:
    """Remembers what was started; a second start of the same one is refused."""

    started: dict[tuple[str, str, int], FollowUpInput] = field(default_factory=dict)
    told: list[InvitationEvent] = field(default_factory=list)
    stopped: list[tuple[str, str, str]] = field(default_factory=list)
    failures: int = 0

    async def start(self, follow_up: FollowUpInput) -> bool:
        if self.failures:
            self.failures -= 1
            raise DependencyUnavailable("Temporal", "not now")
        key = (follow_up.period, follow_up.user_id, follow_up.part)
        if key in self.started:
            return False
        self.started[key] = follow_up
        return True

    async def notify(self, event: InvitationEvent, *, parts: int | None = None) -> bool:
        self.told.append(event)
        return True

    async def stop(self, period: str, user_id: str, reason: str) -> int:
        running = await self.running(period, user_id)
        self.stopped.append((period, user_id, reason))
        return running

    async def running(self, period: str, user_id: str) -> int:
        over = {(at, user) for at, user, _ in self.stopped}
        return sum((at, user) not in over for at, user, _ in self.started if (at, user) == (period, user_id))


@dataclass
class FakeMeter:
    """Counts results by type and reminders skipped by reason."""

    results: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    follow_ups: int = 0
    doubts: list[str] = field(default_factory=list)
    providers: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    job_runs: list[tuple[str, str, float | None]] = field(default_factory=list)
    alert_events: list[tuple[str, str, str | None]] = field(default_factory=list)
    alert_messages: list[tuple[str, str]] = field(default_factory=list)
    probes: dict[str, str] = field(default_factory=dict)
    documents: dict[str, int] = field(default_factory=dict)

    def job_run(self, job: str, state: str, seconds: float | None) -> None:
        self.job_runs.append((job, state, seconds))

    def alert_event(self, rule: str, event: str, reason: str | None) -> None:
        self.alert_events.append((rule, event, reason))

    def alert_message(self, channel: str, result: str) -> None:
        self.alert_messages.append((channel, result))

    def unreadable(self, counts: Mapping[str, int]) -> None:
        self.documents = dict(counts)

    def health(self, probe: str, state: str) -> None:
        self.probes[probe] = state

    def uncertain(self, kind: MailKind, outcome: str) -> None:
        self.doubts.append(outcome)

    def mail(self, kind: MailKind, result: Result, seconds: float, provider: str, waited: float) -> None:
        self.results.append(type(result).__name__)
        self.providers.append(provider)
        self.waits.append(waited)

    def follow_up_started(self) -> None:
        self.follow_ups += 1

    def reminder_skipped(self, kind: MailKind, reason: str) -> None:
        self.skipped.append(reason)

    def plan_notes(self, notes: Mapping[str, int]) -> None:
        for code, count in notes.items():
            self.notes[code] = self.notes.get(code, 0) + count


@dataclass
class FakeRelayLog:
    """Knows what it was told; of everything else it says `otherwise`."""

    accepted: dict[str, RelayRecord] = field(default_factory=dict)
    otherwise: Knowledge = Knowledge.ABSENT
    lag: timedelta = timedelta(0)
    reachable: bool = True
    asked: list[tuple[list[str], datetime]] = field(default_factory=list)

    async def find(self, message_ids: Sequence[str], since: datetime) -> dict[str, RelayRecord]:
        if not self.reachable:
            raise DependencyUnavailable("relay log", "not now")
        self.asked.append((list(message_ids), since))
        return {one: self.accepted.get(one, RelayRecord(self.otherwise)) for one in message_ids}

    async def coverage(self, since: datetime) -> LogCoverage:
        if not self.reachable:
            raise DependencyUnavailable("relay log", "not now")
        return LogCoverage(self.otherwise is Knowledge.ABSENT, len(self.accepted), len(self.accepted))

    def accept(self, letter: OutgoingMail, at: datetime) -> None:
        self.accepted[letter.message_id] = RelayRecord(Knowledge.ACCEPTED, at, "4dZ8Xy2LTnz9rsT", Fate.DELIVERED)


@dataclass
class FixedClock:
    """Stands still until it is set."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class FakeAttachments:
    """Keeps files in memory; `reachable` says whether it answers."""

    files: dict[tuple[str, str], Attachment] = field(default_factory=dict)
    reachable: bool = True

    async def store(self, key: str, files: Sequence[Attachment]) -> None:
        for one in files:
            self.files.setdefault((key, one.filename), one)

    async def read(self, key: str, filename: str) -> Attachment | None:
        if not self.reachable:
            raise DependencyUnavailable("database", "it does not answer")
        return self.files.get((key, filename))


@dataclass
class FakeAlertGroups:
    """Remembers what each group was told; `running` are those whose workflow runs, unless it is `failing`."""

    running: set[str] = field(default_factory=set)
    conditions: list[tuple[str, Sighted]] = field(default_factory=list)
    told: list[tuple[str, Decided | Inhibited | DetailsAsked]] = field(default_factory=list)

    failing: Exception | None = None

    async def sighted(self, group: str, news: Sighted) -> None:
        if self.failing is not None:
            raise self.failing
        self.running.add(group)
        self.conditions.append((group, news))

    async def notify(self, group: str, news: Decided | Inhibited | DetailsAsked) -> bool:
        if group in self.running:
            self.told.append((group, news))
        return group in self.running

    def summary(self) -> list[tuple[str, list[str], list[str]]]:
        """Group, keys there, keys gone, of each sighting."""
        return [(group, [one.key for one in news.firings], list(news.gone)) for group, news in self.conditions]


@dataclass
class FakeCycles:
    """Remembers what each cycle was told; `running` says whether any hears it."""

    running: bool = True
    told: list[tuple[str, ControlChange]] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)

    async def notify(self, period: str, change: ControlChange) -> bool:
        self.told.append((period, change))
        return self.running

    async def wake_follow_ups(self, period: str) -> None:
        self.woken.append(period)


class NoPictures:
    """`ports.Illustrator` and `ports.CycleIllustrator` of messages without files."""

    async def attachments(self, *_: object) -> tuple[Attachment, ...]:
        return ()
