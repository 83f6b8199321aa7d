"""The invariants of SPEC section 12, looked at with every change and at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relance import ids
from relance.domain.invitations.addresses import valid_address
from relance.domain.invitations.events import CONTACT_AFTER, EventKind
from relance.domain.invitations.invitation import InvitationStatus, MailKind, may_become
from relance.ports import ClaimRequest, OutgoingMail
from tests.simulation.application import Application
from tests.simulation.composition import MESSAGE_IDS
from tests.simulation.control_history import ControlHistory
from tests.simulation.mailboxes import Mailboxes
from tests.simulation.memory.values import Raw
from tests.simulation.opt_outs import OptOuts
from tests.simulation.relay import Relay
from tests.simulation.spacing import Spacing
from tests.simulation.temporal.cluster import Attempt
from tests.simulation.workers import WorkerProcess
from tests.simulation.world import Process, World

_S = InvitationStatus
NEVER_TWICE = {MailKind.FIRST, MailKind.SECOND}
CUT_OFF_FOR = timedelta(minutes=5)
"""How long after the beginning of an outage a connection may still have its answer from the relay."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim as it was asked for: when, and whether the mail was allowed then."""

    step: int
    at: datetime
    refusal: str
    address: str


@dataclass(slots=True)
class Acceptance:
    """One mail the relay took; `forgotten` if its record was lost with a restore."""

    invitation_id: str
    kind: str
    process: str
    at: datetime
    by_zombie: bool
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Interruption:
    """A process was cut off, and what it had in flight may go unrecorded: mails accepted until `span` later."""

    process: str
    at: datetime
    span: timedelta = timedelta(seconds=1)


@dataclass
class Checks:
    """Watches a run; `bound` is how many duplicates are excused by now."""

    world: World
    relay: Relay
    application: Application
    asked: dict[tuple[str, str, str], Asked] = field(default_factory=dict)
    acceptances: list[Acceptance] = field(default_factory=list)
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)
    interruptions: list[Interruption] = field(default_factory=list)
    zombies: list[Attempt] = field(default_factory=list)
    taken_over: set[tuple[str, datetime]] = field(default_factory=set)
    bound: int = 0

    def __post_init__(self) -> None:
        self.controls = ControlHistory(self.world)
        self.opt_outs = OptOuts(self.world, self.application)
        self.spacing = Spacing(self.world, self.skew)
        self.mailboxes = Mailboxes(self.world, self.application)

    @property
    def skew(self) -> timedelta:
        """How far two clocks may be apart, with the longest way of a mail."""
        return timedelta(minutes=2 * self.world.rates.skew_minutes + 3)

    def begin(self) -> None:
        """Begin to watch."""
        self.world.store.table("invitations").watchers.append(self._entry_changed)
        self.controls.begin()
        self.relay.on_accepted = self._accepted

    @property
    def duplicates(self) -> int:
        """Mails accepted beyond the first of their kind and invitation."""
        return sum(self.copies.values()) - len(self.copies)

    def claim_asked(self, worker: WorkerProcess, claim: ClaimRequest) -> None:
        """Note what a claim is allowed to be answered."""
        contact = self.application.found("contacts", claim.contact.id) or {}
        refusal = self.refusal(claim.invitation_id, claim.kind)
        asked = Asked(self.world.trace.step, self.world.now(), refusal, str(contact.get("email")))
        self.asked[worker.name, claim.invitation_id, claim.kind] = asked

    def event_acknowledged(self, invitation_id: str, kind: EventKind) -> None:
        """Note that from now on an event must be honoured."""
        if kind in CONTACT_AFTER:
            self.opt_outs.acknowledged(invitation_id, self.entry(invitation_id))

    def interrupted(self, worker: WorkerProcess) -> None:
        """Note that a process was cut: what its connections had in flight may be sent once more."""
        self.bound += worker.mailer.open
        self.interruptions.append(Interruption(worker.name, self.world.now()))

    def cut_off(self, workers: Sequence[WorkerProcess]) -> None:
        """Note that the database is away for longer than anybody waits with what he knows."""
        for worker in workers:
            self.bound += worker.mailer.open
            self.interruptions.append(Interruption(worker.name, self.world.now(), CUT_OFF_FOR))

    def put_back(self, to: datetime) -> None:
        """Note that the database knows nothing any more of what happened after an instant.

        Without a relay's log each forgotten invitation may be sent once more, with one it is looked up; corrections are
        not looked up, which docs/operations.md says.
        """
        for one in self.acceptances:
            if one.at >= to - self.skew and not one.forgotten:
                one.forgotten = True
                self.bound += one.kind == MailKind.CORRECTION or (
                    one.kind == MailKind.INVITATION and not self.relay.log_is_sure
                )
        self.opt_outs.put_back(to)
        self.mailboxes.put_back(to - self.skew)
        self.controls.put_back()

    def superseded(self, attempt: Attempt) -> None:
        """Note that an attempt was given up; still alive, it may double what its successor takes over."""
        if attempt.worker.alive and not attempt.task.done():
            self.interruptions.append(Interruption(attempt.worker.name, self.world.now()))
            self.zombies.append(attempt)

    def _is_zombie(self, process: Process) -> bool:
        self.zombies = [one for one in self.zombies if one.worker.alive and not one.task.done()]
        return any(one.worker is process for one in self.zombies)

    def _taken_over(self, token: str) -> None:
        """Note that a claim was dropped: what its holder has in flight may be sent once more, if it is a zombie."""
        for zombie in self.zombies:
            moment = zombie.token, self.world.now()
            if zombie.token == token and zombie.worker.alive and moment not in self.taken_over:
                self.taken_over.add(moment)
                self.bound += zombie.worker.mailer.open

    # With every change

    def _entry_changed(self, before: Raw | None, after: Raw | None) -> None:
        if after is None:
            self.world.violated("I1", "an entry was deleted")
            return
        if before is None:
            return
        old, new = _S(before["status"]), _S(after["status"])
        if old is not new and not may_become(old, new):
            self.world.violated("status", f"{after['_id']} moved from {old} back to {new}")
        for name in ("sentAt", "messageId", "dueAt", "submittedAt"):
            if name in before and before[name] != after.get(name):
                self.world.violated("status", f"{after['_id']} changed its {name}")
        if before.get("claim") and after.get("claim") and before["claim"] != after["claim"]:
            self.world.violated("C7", f"{after['_id']} was claimed twice")
        if before.get("claim") and len(after.get("doubts", [])) > len(before.get("doubts", [])):
            self._taken_over(before["claim"]["token"])
        kinds = [one["type"] for name in ("reminders", "reminderSkips") for one in after.get(name, [])]
        if len(kinds) != len(set(kinds)):
            self.world.violated("status", f"{after['_id']} has a reminder decided twice")

    def _accepted(self, letter: OutgoingMail, process: Process) -> None:
        key = letter.invitation_id, str(letter.kind)
        self.copies[key] += 1
        self.opt_outs.reached(letter.invitation_id, letter.to_address)
        self.mailboxes.accepted(letter)
        self.acceptances.append(Acceptance(*key, process.name, self.world.now(), self._is_zombie(process)))
        if letter.message_id != MESSAGE_IDS.of(letter.invitation_id, letter.kind):
            self.world.violated("I2", f"{key} has another Message-ID")
        if letter.kind in NEVER_TWICE:
            self._check_reminder(letter)
        allowed = self.bound + sum(self.relay.unanswered.values())
        if self.duplicates > allowed:
            self.world.violated("I2", f"{self.duplicates} duplicates, at most {allowed} may be")
        self._check_allowed(letter, process)

    def _check_allowed(self, letter: OutgoingMail, process: Process) -> None:
        asked = self.asked.get((process.name, letter.invitation_id, letter.kind))
        if asked is None:
            self.world.violated("I3", f"{letter.invitation_id} {letter.kind} was sent without a claim")
            return
        contact = ids.parse_invitation_id(letter.invitation_id).contact_id
        if self.opt_outs.forbids(letter.to_address, asked.step):
            self.world.violated("I3", f"{letter.invitation_id} {letter.kind} was sent after the opt-out was confirmed")
        self.controls.check(letter, asked.at)
        self.spacing.check(letter, asked.at, self.entry(letter.invitation_id))
        refusal = self.refusal(letter.invitation_id, letter.kind)
        if asked.refusal and refusal:
            self.world.violated("I3", f"{letter.invitation_id} {letter.kind} was sent: {asked.refusal}")
        now = (self.application.found("contacts", contact) or {}).get("email")
        if letter.to_address not in {asked.address, now}:
            self.world.violated("I3", f"{letter.invitation_id} was sent to an address of the past")

    def _check_reminder(self, letter: OutgoingMail) -> None:
        if self.copies[letter.invitation_id, str(letter.kind)] > 1 and not self._log_was_asked_too_soon(letter):
            self.world.violated("I2", f"{letter.kind} of {letter.invitation_id} was sent twice")
        entry = self.entry(letter.invitation_id)
        if "dueAt" not in entry or self.world.now() < entry["dueAt"][str(letter.kind)]:
            self.world.violated("R2", f"{letter.kind} of {letter.invitation_id} was sent early")
        if letter.references != entry.get("messageId"):
            self.world.violated("R4", f"{letter.kind} of {letter.invitation_id} does not refer to the invitation")

    def _log_was_asked_too_soon(self, letter: OutgoingMail) -> bool:
        # A process that was given up with the mail in its hands: the log is right that it has not arrived, so far.
        same = [one for one in self.acceptances if (one.invitation_id, one.kind) == (letter.invitation_id, letter.kind)]
        return self.relay.log is not None and any(one.by_zombie for one in same)

    def entry(self, invitation_id: str) -> Raw:
        """Return an entry of the ledger as it is."""
        return next(iter(self.world.store.table("invitations").near({"_id": invitation_id})), {})

    def refusal(self, invitation_id: str, kind: MailKind) -> str:
        """Return why a mail must not be sent, in words of our own; empty if it may be."""
        key = ids.parse_invitation_id(invitation_id)
        user = self.application.found("users", key.user_id)
        contact = self.application.found("contacts", key.contact_id)
        if user is None or user["status"] != "active":
            return "the user is not active"
        if contact is None or contact["userId"] != key.user_id or contact["status"] != "active":
            return "the contact is not active"
        if not valid_address(contact["email"]):
            return "the address is invalid"
        if kind not in NEVER_TWICE:
            return ""
        if self.entry(invitation_id).get("status") not in {_S.SENT, _S.OPENED}:
            return "the invitation is not waiting for an answer"
        settings = user.get("reminderSettings", {})
        wanted = settings.get("enabled", True) and settings.get(str(kind), True)
        return "" if wanted else "the user does not want it"
