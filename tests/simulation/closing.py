"""The invariants of SPEC section 12, looked at once everything has come to its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from activities.step_outcomes import FINAL_REASONS
from relance import ids
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from tests.simulation.checks import Acceptance, Checks
from tests.simulation.memory.values import Raw
from tests.simulation.world import World

_S = InvitationStatus
ENDED = {_S.SUBMITTED, _S.EXPIRED, _S.FAILED, _S.BOUNCED, _S.CANCELLED, _S.SKIPPED, _S.UNCERTAIN}
# Somebody may answer before his invitation went out, over a link from elsewhere.
_NEVER_SENT = {_S.SKIPPED, _S.FAILED, _S.UNCERTAIN, _S.SUBMITTED}
SETTLED_WITHIN = timedelta(seconds=240)
"""How long a mail that was accepted may wait for its record, at most."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Looks at the whole; `reports_due` by period, `max_late` is how late an invitation may be."""

    checks: Checks
    reports_due: Mapping[str, int]
    max_late: timedelta

    @property
    def world(self) -> World:
        """The run."""
        return self.checks.world

    def at_end(self, periods: Sequence[str], statistics: dict[str, Any], nominal_times: Sequence[datetime]) -> None:
        """Look at the whole."""
        entries = self.world.store.table("invitations").near({})
        for entry in entries:
            self._check_ended(entry)
        self._check_books(entries)
        self.checks.mailboxes.check_refused(entries)
        for period in periods:
            self._check_everybody(period)
            self._check_reasons(period)
            self._check_statistics(period, statistics[period], entries)
            self._check_report(period)
        self._check_job_runs(nominal_times)

    def _check_ended(self, entry: Raw) -> None:
        status, name = _S(entry["status"]), entry["_id"]
        # Whoever is closed needs no timer any more, and no record for what he had been sent before.
        stopped = {one["reason"] for one in entry.get("reminderSkips", [])} & FINAL_REASONS
        stopped |= {entry["contactId"]} & self.checks.application.touched.keys()
        if status not in ENDED and not stopped:
            self.world.violated("I1", f"{name} is still {status}")
        elif status in _NEVER_SENT - {_S.SUBMITTED} and not entry.get("reason"):
            self.world.violated("I1", f"{name} is {status} without a reason")
        if entry.get("claim"):
            self.world.violated("I6", f"{name} is still claimed")
        decided = {one["type"] for field_ in ("reminders", "reminderSkips") for one in entry.get(field_, [])}
        if status is _S.EXPIRED and not stopped and not decided >= {"first", "second"}:
            self.world.violated("I1", f"{name} expired, of its reminders only {sorted(decided)} were decided")

    def _check_books(self, entries: Sequence[Raw]) -> None:
        recorded = {(one["_id"], "invitation") for one in entries if "sentAt" in one}
        recorded |= {(one["_id"], mail["type"]) for one in entries for mail in one.get("reminders", [])}
        for key in sorted(recorded - self.checks.copies.keys()):
            self.world.violated("I4", f"the ledger says {key} was sent, the relay has never seen it")
        for one in self.checks.acceptances:
            key = one.invitation_id, one.kind
            excused = self.checks.relay.unanswered[key] or one.forgotten or self._was_interrupted(one)
            if one.kind != MailKind.CORRECTION and key not in recorded and not excused:
                self.world.violated("I4", f"the relay took {key}, the ledger does not say so")

    def _was_interrupted(self, one: Acceptance) -> bool:
        return one.by_zombie or any(
            cut.process == one.process and one.at <= cut.at + cut.span and cut.at <= one.at + SETTLED_WITHIN
            for cut in self.checks.interruptions
        )

    def _ended_by_people(self, period: str) -> bool:
        """Tell whether a cycle was cancelled or rolled back: then who gets nothing is not asked any more."""
        return self.checks.controls.state(period).final

    def _check_everybody(self, period: str) -> None:
        plans = {plan["userId"]: plan for plan in self.world.store.table("plans").near({}) if plan["period"] == period}
        for user in self.checks.application.ids("users"):
            plan = plans.get(user)
            if plan is None:
                if self._steady(user, period, None) and not self._ended_by_people(period):
                    self.world.violated("I1", f"{user} has no plan for {period}")
                continue
            if plan["status"] not in {"done", "skipped", "cancelled"}:
                self.world.violated("I1", f"the plan of {user} for {period} is still {plan['status']}")
            if plan["status"] == "done" and self._steady(user, period, plan["instant"]):
                self._check_contacts(user, period, plan["instant"])

    def _check_reasons(self, period: str) -> None:
        """Look that every contact has a mail or a reason, whatever became of the user's plan or of the cycle."""
        for contact in self.world.store.table("contacts").near({}):
            key = ids.invitation_id(period, contact["userId"], contact["_id"])
            steady = all(self._steady(one, period, None) for one in (contact["userId"], contact["_id"]))
            if steady and not self.checks.entry(key) and not self._is_beyond(contact, period):
                self.world.violated("C13", f"{key} has neither a mail nor a reason")

    def _check_contacts(self, user: str, period: str, instant: datetime) -> None:
        for contact in self.world.store.table("contacts").near({}):
            if contact["userId"] != user or not self._steady(contact["_id"], period, instant):
                continue
            key = ids.invitation_id(period, user, contact["_id"])
            entry = self.checks.entry(key)
            if not entry and self._is_beyond(contact, period):
                continue
            if not entry:
                self.world.violated("I1", f"{key} is not in the ledger")
            elif self.checks.copies[key, "invitation"] == 0 and not self._never_sent(period, entry):
                self.world.violated("I1", f"{key} is {entry['status']} and was never accepted")
            elif (
                entry["status"] == _S.SKIPPED
                and not self.checks.refusal(key, MailKind.INVITATION)
                and not self._excused(entry, instant)
            ):
                # What he was then is known only of somebody who never changed.
                if not {user, contact["_id"]} & self.checks.application.touched.keys():
                    self.world.violated("I1", f"{key} was skipped for {entry['reason']} though nothing was against it")
            elif (
                entry["status"] == _S.FAILED
                and not self.checks.relay.refused[key, "invitation"]
                and not self.checks.relay.unanswered[key, "invitation"]
            ):
                self.world.violated("I1", f"{key} failed though the relay never refused it")

    def _is_beyond(self, contact: Raw, period: str) -> bool:
        """Tell whether a contact is not among the first of its user, or was not when those were written to."""
        user, most = contact["userId"], self.world.bounds.contacts_per_user
        own = [one["_id"] for one in self.world.store.table("contacts").near({}) if one["userId"] == user]
        entries = [one["_id"] for one in self.world.store.table("invitations").near({"userId": user, "period": period})]
        return contact["_id"] not in sorted(own)[:most] or len(entries) >= most

    def _never_sent(self, period: str, entry: Raw) -> bool:
        status = _S(entry["status"])
        return status in _NEVER_SENT or (status is _S.CANCELLED and self._ended_by_people(period))

    def _excused(self, entry: Raw, instant: datetime) -> bool:
        if entry.get("reason") == "too_late":
            return bool(entry["queuedAt"] > instant + self.max_late - 2 * self.checks.skew)
        return entry.get("reason") in {"duplicate_address", "suppressed", "mailbox_limit"}

    def _steady(self, one: str, period: str, instant: datetime | None) -> bool:
        """Tell whether somebody was there before a period and unchanged until its mails were out."""
        first = datetime.fromisoformat(f"{period}-01T00:00:00+00:00")
        until = (instant or first + timedelta(days=32)) + timedelta(days=4)
        created, touched = self.checks.application.created[one], self.checks.application.touched.get(one)
        return created < first - timedelta(days=8) and (touched is None or touched > until)

    def _check_statistics(self, period: str, statistics: Any, entries: Sequence[Raw]) -> None:
        if self._ended_by_people(period):
            return
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
        told = sum(period in one["title"] for one in self.world.store.table("chatMessages").near({}))
        ended = self.reports_due[period]
        if told > max(ended, 1) or (not told and not self._ended_by_people(period)):
            self.world.violated("A6", f"the end of {period} was told {told} times, it came {ended} times")

    def _check_job_runs(self, nominal_times: Sequence[datetime]) -> None:
        runs = Counter(
            one["nominal"] for one in self.world.store.table("jobRuns").near({}) if one["job"] == "monthly-cycle"
        )
        if runs != Counter(set(nominal_times)):
            self.world.violated("I7", f"{sum(runs.values())} records for {len(set(nominal_times))} nominal times")
