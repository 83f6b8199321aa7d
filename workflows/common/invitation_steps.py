"""The state of one invitation in its follow-up: the remaining steps, and the attempts so far."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from relance.contracts.follow_up import DueStep, Followed, FollowedState, FollowUpStep, Kept, StepResult

COMPLETED = "completed"
STEP_FAILED = "step_failed"
ERRORS_BORNE = 5
FIRST_ERROR_WAIT = timedelta(minutes=5)
_ORDER = tuple(FollowUpStep)


class InvitationSteps:
    """The remaining steps of one invitation, and the timer of the next step."""

    def __init__(self, contact_id: str, steps: Iterable[DueStep] = ()) -> None:
        self.contact_id = contact_id
        self.steps = list(steps)
        self.tries = 0
        self.errors = 0
        self.held = False
        self.ended: str | None = None
        self.timer: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, contact_id: str, group: Followed) -> InvitationSteps:
        """Return an invitation with the steps of `group` ahead."""
        return cls(contact_id, group.steps)

    @classmethod
    def kept(cls, contact_id: str, kept: Kept) -> InvitationSteps:
        """Return an invitation as the run before has left it."""
        invitation = cls(contact_id, kept.steps)
        invitation.tries, invitation.errors, invitation.held, invitation.ended = (
            kept.tries,
            kept.errors,
            kept.held,
            kept.ended,
        )
        return invitation

    @property
    def next(self) -> DueStep | None:
        """The next step; None when none is needed any more."""
        return self.steps[0] if self.steps and self.ended is None else None

    @property
    def state(self) -> FollowedState:
        """The answer to the query."""
        ahead = self.next
        return FollowedState(
            contact_id=self.contact_id,
            step=ahead.step if ahead else None,
            due=ahead.at if ahead else None,
            ended=self.ended,
            held=self.held and ahead is not None,
        )

    def keep(self, contacts: Iterable[str] = ()) -> Kept:
        """Return everything that is known, for the next run."""
        return Kept(
            contacts=tuple(contacts),
            steps=tuple(self.steps),
            tries=self.tries,
            errors=self.errors,
            held=self.held,
            ended=self.ended,
        )

    def learn(self, group: Followed) -> bool:
        """Add the steps of `group` that are not known; return whether another one is next now."""
        known = {step.step for step in self.steps}
        next_before = self.steps[:1]
        # In their own order: one that was put off may be later than the one after it.
        self.steps += [step for step in group.steps if step.step not in known]
        self.steps.sort(key=lambda step: _ORDER.index(step.step))
        return self.steps[:1] != next_before

    def end(self, reason: str) -> None:
        """Need no further timer; the first reason stays."""
        if self.ended is None:
            self.ended = reason
            if self.timer is not None:
                self.timer.cancel()

    def apply(self, result: StepResult) -> None:
        """Take in what became of the next step."""
        contact, self.errors = self.contact_id, 0
        accepted = next((group for group in result.due if contact in group.contacts), None)
        retry_at, put_off = result.retry.get(contact), result.put_off.get(contact)
        if accepted is not None:
            self.steps, self.tries = list(accepted.steps), 0
        elif retry_at is not None:
            self._postpone(retry_at)
            self.tries += 1
        elif put_off is not None:
            self._postpone(put_off)
        elif contact in result.held:
            self.held = True
        else:
            self.steps.pop(0)
            self.tries = 0
        if contact in result.ended:
            self.end(result.ended[contact])

    def fail(self, now: datetime) -> None:
        """Try the next step again after a failure for good, ever later; end after so many in a row.

        The reminder stays undecided in the ledger: the reconciliation names it as overdue and wakes it again.
        """
        self.errors += 1
        if self.errors > ERRORS_BORNE:
            self.end(STEP_FAILED)
        else:
            self._postpone(now + FIRST_ERROR_WAIT * 4 ** (self.errors - 1))

    def _postpone(self, at: datetime) -> None:
        self.steps[0] = DueStep(step=self.steps[0].step, at=at)


def compact(invitations: Iterable[InvitationSteps]) -> tuple[Kept, ...]:
    """Return what is known of all, those that stand at the same point together, which keeps the payload small."""
    alike: dict[str, tuple[InvitationSteps, list[str]]] = {}
    for invitation in invitations:
        alike.setdefault(invitation.keep().model_dump_json(), (invitation, []))[1].append(invitation.contact_id)
    return tuple(first.keep(contacts) for first, contacts in alike.values())
