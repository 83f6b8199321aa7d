"""The invariants of SPEC section 12, looked at with every change and at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from activities.follow_ups import FINAL_REASONS
from relance import ids
from relance.domain.addresses import valid_address
from relance.domain.events import CONTACT_AFTER, EventKind
from relance.domain.invitation import InvitationStatus, MailKind, may_become
from relance.ports import ClaimRequest, Letter
from tests.simulation.application import Application
from tests.simulation.temporal.cluster import Attempt
from tests.simulation.composition import DOMAIN
from tests.simulation.memory.values import Raw
from tests.simulation.relay import Relay
from tests.simulation.workers import WorkerProcess
from tests.simulation.world import Process, World

_S = InvitationStatus
ENDED = {_S.SUBMITTED, _S.EXPIRED, _S.FAILED, _S.BOUNCED, _S.CANCELLED, _S.SKIPPED, _S.UNCERTAIN}
# Somebody may answer before his invitation went out, over a link from elsewhere.
_NEVER_SENT = {_S.SKIPPED, _S.FAILED, _S.UNCERTAIN, _S.SUBMITTED}
SETTLED_WITHIN = timedelta(seconds=240)
"""How long a mail that was accepted may wait for its record, at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim as it was asked for: when, and whether the mail was allowed then."""

    step: int
    refusal: str
    address: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One mail the relay took."""

    invitation_id: str
    kind: str
    process: str
    at: datetime
    by_zombie: bool


@dataclass
class Checks:
    """Watches a run; `bound` is how many duplicates are excused by now."""

    world: World
    relay: Relay
    application: Application
    asked: dict[tuple[str, str, str], Asked] = field(default_factory=dict)
    opted_out: dict[str, int] = field(default_factory=dict)
    acceptances: list[Acceptance] = field(default_factory=list)
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)
    interruptions: list[tuple[str, datetime]] = field(default_factory=list)
    zombies: list[Attempt] = field(default_factory=list)
    taken_over: set[tuple[str, datetime]] = field(default_factory=set)
    bound: int = 0

    def begin(self) -> None:
        """Begin to watch."""
        self.world.store.table("invitations").watchers.append(self._entry_changed)
        self.relay.on_accepted = self._accepted

    @property
    def duplicates(self) -> int:
        """Mails accepted beyond the first of their kind and invitation."""
        return sum(self.copies.values()) - len(self.copies)

    def claim_asked(self, worker: WorkerProcess, claim: ClaimRequest) -> None:
        """Note what a claim is allowed to be answered."""
        contact = self.application.found("contacts", claim.contact.id) or {}
        refusal = self._refusal(claim.invitation_id, claim.kind)
        asked = Asked(self.world.trace.step, refusal, str(contact.get("email")))
        self.asked[worker.name, claim.invitation_id, claim.kind] = asked

    def event_acknowledged(self, invitation_id: str, kind: EventKind) -> None:
        """Note that from now on an event must be honoured."""
        if kind in CONTACT_AFTER:
            contact = ids.parse_invitation_id(invitation_id).contact_id
            self.opted_out.setdefault(contact, self.world.trace.step)

    def interrupted(self, worker: WorkerProcess) -> None:
        """Note that a process was cut: what its connections had in flight may be sent once more."""
        self.bound += worker.mailer.open
        self.interruptions.append((worker.name, self.world.now()))

    def superseded(self, attempt: Attempt) -> None:
        """Note that an attempt was given up; still alive, it may double what its successor takes over."""
        if attempt.worker.alive and not attempt.task.done():
            self.interruptions.append((attempt.worker.name, self.world.now()))
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

    def _accepted(self, letter: Letter, process: Process) -> None:
        key = letter.invitation_id, str(letter.kind)
        self.copies[key] += 1
        self.acceptances.append(Acceptance(*key, process.name, self.world.now(), self._is_zombie(process)))
        if letter.message_id != ids.message_id(letter.invitation_id, letter.kind, DOMAIN):
            self.world.violated("I2", f"{key} has another Message-ID")
        if letter.kind is not MailKind.INVITATION:
            self._check_reminder(letter)
        allowed = self.bound + sum(self.relay.unanswered.values())
        if self.duplicates > allowed:
            self.world.violated("I2", f"{self.duplicates} duplicates, at most {allowed} may be")
        self._check_allowed(letter, process)

    def _check_allowed(self, letter: Letter, process: Process) -> None:
        asked = self.asked.get((process.name, letter.invitation_id, letter.kind))
        if asked is None:
            self.world.violated("I3", f"{letter.invitation_id} {letter.kind} was sent without a claim")
            return
        contact = ids.parse_invitation_id(letter.invitation_id).contact_id
        if self.opted_out.get(contact, asked.step) < asked.step:
            self.world.violated("I3", f"{letter.invitation_id} {letter.kind} was sent after the opt-out was confirmed")
        refusal = self._refusal(letter.invitation_id, letter.kind)
        if asked.refusal and refusal:
            self.world.violated("I3", f"{letter.invitation_id} {letter.kind} was sent: {asked.refusal}")
        now = (self.application.found("contacts", contact) or {}).get("email")
        if letter.to_address not in {asked.address, now}:
            self.world.violated("I3", f"{letter.invitation_id} was sent to an address of the past")

    def _check_reminder(self, letter: Letter) -> None:
        if self.copies[letter.invitation_id, str(letter.kind)] > 1:
            self.world.violated("I2", f"{letter.kind} of {letter.invitation_id} was sent twice")
        entry = self.entry(letter.invitation_id)
        if "dueAt" not in entry or self.world.now() < entry["dueAt"][str(letter.kind)]:
            self.world.violated("R2", f"{letter.kind} of {letter.invitation_id} was sent early")
        if letter.references != entry.get("messageId"):
            self.world.violated("R4", f"{letter.kind} of {letter.invitation_id} does not refer to the invitation")

    def entry(self, invitation_id: str) -> Raw:
        """Return an entry of the ledger as it is."""
        return next(iter(self.world.store.table("invitations").near({"_id": invitation_id})), {})

    def _refusal(self, invitation_id: str, kind: MailKind) -> str:
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
        if kind is MailKind.INVITATION:
            return ""
        if self.entry(invitation_id).get("status") not in {_S.SENT, _S.OPENED}:
            return "the invitation is not waiting for an answer"
        settings = user.get("reminderSettings", {})
        wanted = settings.get("enabled", True) and settings.get(str(kind), True)
        return "" if wanted else "the user does not want it"

    # At the end

    def at_end(self, periods: Sequence[str], statistics: dict[str, Any], nominal_times: Sequence[datetime]) -> None:
        """Look at the whole."""
        entries = self.world.store.table("invitations").near({})
        for entry in entries:
            self._check_ended(entry)
        self._check_books(entries)
        for period in periods:
            self._check_everybody(period)
            self._check_statistics(period, statistics[period], entries)
            self._check_report(period)
        self._check_job_runs(nominal_times)

    def _check_ended(self, entry: Raw) -> None:
        status, name = _S(entry["status"]), entry["_id"]
        stopped = {one["reason"] for one in entry.get("reminderSkips", [])} & FINAL_REASONS
        if status not in ENDED and not stopped:
            self.world.violated("I1", f"{name} is still {status}")
        elif status in _NEVER_SENT - {_S.SUBMITTED} and not entry.get("reason"):
            self.world.violated("I1", f"{name} is {status} without a reason")
        if entry.get("claim"):
            self.world.violated("I6", f"{name} is still claimed")
        decided = {one["type"] for field_ in ("reminders", "reminderSkips") for one in entry.get(field_, [])}
        if status is _S.EXPIRED and decided != {"first", "second"}:
            self.world.violated("I1", f"{name} expired, of its reminders only {sorted(decided)} were decided")

    def _check_books(self, entries: Sequence[Raw]) -> None:
        recorded = {(one["_id"], "invitation") for one in entries if "sentAt" in one}
        recorded |= {(one["_id"], mail["type"]) for one in entries for mail in one.get("reminders", [])}
        for key in sorted(recorded - self.copies.keys()):
            self.world.violated("I4", f"the ledger says {key} was sent, the relay has never seen it")
        for one in self.acceptances:
            key = one.invitation_id, one.kind
            if key not in recorded and not self.relay.unanswered[key] and not self._was_interrupted(one):
                self.world.violated("I4", f"the relay took {key}, the ledger does not say so")

    def _was_interrupted(self, one: Acceptance) -> bool:
        return one.by_zombie or any(
            process == one.process and one.at <= at + timedelta(seconds=1) and at <= one.at + SETTLED_WITHIN
            for process, at in self.interruptions
        )

    def _check_everybody(self, period: str) -> None:
        plans = {plan["userId"]: plan for plan in self.world.store.table("plans").near({}) if plan["period"] == period}
        for user in self.application.ids("users"):
            plan = plans.get(user)
            if plan is None:
                if self._steady(user, period, None):
                    self.world.violated("I1", f"{user} has no plan for {period}")
                continue
            if plan["status"] not in {"done", "skipped", "cancelled"}:
                self.world.violated("I1", f"the plan of {user} for {period} is still {plan['status']}")
            if plan["status"] == "done" and self._steady(user, period, plan["instant"]):
                self._check_contacts(user, period, plan["instant"])

    def _check_contacts(self, user: str, period: str, instant: datetime) -> None:
        for contact in self.world.store.table("contacts").near({}):
            if contact["userId"] != user or not self._steady(contact["_id"], period, instant):
                continue
            key = ids.invitation_id(period, user, contact["_id"])
            entry = self.entry(key)
            if not entry:
                self.world.violated("I1", f"{key} is not in the ledger")
            elif self.copies[key, "invitation"] == 0 and _S(entry["status"]) not in _NEVER_SENT:
                self.world.violated("I1", f"{key} is {entry['status']} and was never accepted")
            elif (
                entry["status"] == _S.SKIPPED
                and not self._refusal(key, MailKind.INVITATION)
                and not self._excused(entry)
            ):
                # What he was then is known only of somebody who never changed.
                if not {user, contact["_id"]} & self.application.touched.keys():
                    self.world.violated("I1", f"{key} was skipped for {entry['reason']} though nothing was against it")
            elif (
                entry["status"] == _S.FAILED
                and not self.relay.refused[key, "invitation"]
                and not self.relay.unanswered[key, "invitation"]
            ):
                self.world.violated("I1", f"{key} failed though the relay never refused it")

    def _excused(self, entry: Raw) -> bool:
        return entry.get("reason") in {"duplicate_address", "suppressed"}

    def _steady(self, one: str, period: str, instant: datetime | None) -> bool:
        """Tell whether somebody was there before a period and unchanged until its mails were out."""
        first = datetime.fromisoformat(f"{period}-01T00:00:00+00:00")
        until = (instant or first + timedelta(days=32)) + timedelta(days=4)
        created, touched = self.application.created[one], self.application.touched.get(one)
        return created < first - timedelta(days=8) and (touched is None or touched > until)

    def _check_statistics(self, period: str, statistics: Any, entries: Sequence[Raw]) -> None:
        if statistics is None:
            self.world.violated("I4", f"the cycle of {period} has no result")
            return
        if statistics.balance or statistics.plans_open:
            self.world.violated("I4", f"{period}: balance {statistics.balance}, {statistics.plans_open} plans open")
        if statistics.open == 0:
            sent = sum("sentAt" in one or one["status"] == _S.EXPIRED for one in entries if one["period"] == period)
            if statistics.sent != sent:
                self.world.violated("I4", f"{period}: the cycle says {statistics.sent} sent, the ledger {sent}")

    def _check_report(self, period: str) -> None:
        told = [one for one in self.world.store.table("chatMessages").near({}) if period in one["title"]]
        if len(told) != 1:
            self.world.violated("A6", f"the end of {period} was told {len(told)} times")

    def _check_job_runs(self, nominal_times: Sequence[datetime]) -> None:
        runs = Counter(
            one["nominal"] for one in self.world.store.table("jobRuns").near({}) if one["job"] == "monthly-cycle"
        )
        if runs != Counter(set(nominal_times)):
            self.world.violated("I7", f"{sum(runs.values())} records for {len(set(nominal_times))} nominal times")
