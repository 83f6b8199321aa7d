"""The follow-up of one user's invitations: their timers, their events, their reminders (SPEC R1-R5)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from workflows.common.holding import Holding
from workflows.common.invitation_steps import COMPLETED, InvitationSteps, compact
from workflows.common.options import LOCAL_STEP, STEP

with workflow.unsafe.imports_passed_through():
    from activities.follow_ups import FollowUpSteps
    from relance.contracts.follow_up import (
        DueGroup,
        Followed,
        FollowedState,
        FollowUpInput,
        FollowUpState,
        FollowUpStep,
        InvitationEvent,
        StepInput,
        StepResult,
        Wake,
    )
    from relance.contracts.names import TaskQueue
    from relance.domain.invitations.events import ENDS_FOLLOW_UP
    from relance.wording.summaries import STEP_WORDS
    from workflows.common import signal_checks


Groups: TypeAlias = Mapping[tuple[FollowUpStep, int], Sequence[str]]
"""The contacts whose same step is due after as many tries."""

NOTHING = timedelta(0)


@workflow.defn
class FollowUp:
    """Keep one timer per invitation, and send what comes due together; id `follow-up/<period>/<user>`."""

    @workflow.init
    def __init__(self, request: FollowUpInput) -> None:
        self._request = request
        self._may_continue = request.may_continue
        self._invitations = _known(request)
        self._due: list[InvitationSteps] = []
        self._woken: list[Followed] = []
        self._holding = Holding(request.state or FollowUpState())

    @workflow.signal
    def event(self, event: InvitationEvent) -> None:
        """Take an event. It is in the database already, so an event for an unknown invitation can be ignored."""
        contact = signal_checks.event(event, self._request.period, self._request.user_id)
        invitation = self._invitations.get(contact)
        if invitation is not None and event.kind in ENDS_FOLLOW_UP:
            invitation.end(event.kind.value)

    @workflow.signal
    def stop(self, reason: str) -> None:
        """End every timer: the cycle was rolled back (SPEC C11); it is in the database already."""
        for invitation in self._invitations.values():
            invitation.end(signal_checks.reason(reason))

    @workflow.signal
    def wake(self, news: Wake) -> None:
        """Look at held steps again, and note what the ledger says is still to come, in case it is not known (R8)."""
        known = {*self._invitations, *(contact for group in self._woken for contact in group.contacts)}
        self._woken.extend(signal_checks.wake(news, known, workflow.now()).groups)
        self._holding.may_be_over()

    @workflow.query
    def steps(self) -> list[FollowedState]:
        """Return each invitation's next step."""
        return [invitation.state for invitation in self._invitations.values()]

    @workflow.run
    async def run(self, request: FollowUpInput) -> dict[str, str]:
        """Return how each invitation's follow-up ended, by contact id."""
        for invitation in self._invitations.values():
            self._set_timer(invitation)
        if self._held:
            self._holding.set_timer()
        while self._woken or not self._all_ended():
            await workflow.wait_condition(self._has_something_to_do)
            self._take_in()
            if self._is_to_continue_as_new():
                await self._continue_as_new()
            due, self._due = self._due, []
            for some in _together(due):
                await self._run_steps(self._not_held(_not_ended(some)))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return {invitation.contact_id: invitation.ended or "" for invitation in self._invitations.values()}

    def _has_something_to_do(self) -> bool:
        return (
            bool(self._due or self._woken)
            or self._all_ended()
            or (self._holding.is_over and bool(self._held))
            or self._is_to_continue_as_new()
        )

    def _all_ended(self) -> bool:
        return all(invitation.ended is not None for invitation in self._invitations.values())

    @property
    def _held(self) -> list[InvitationSteps]:
        return [invitation for invitation in self._invitations.values() if invitation.held and invitation.ended is None]

    def _take_in(self) -> None:
        groups, self._woken = self._woken, []
        for group in groups:
            for contact in group.contacts:
                self._learn(contact, group)
        if self._holding.begin_look():
            for invitation in self._held:
                invitation.held = False
                self._set_timer(invitation)

    def _learn(self, contact: str, group: Followed) -> None:
        invitation = self._invitations.get(contact)
        if invitation is None or invitation.ended is not None:
            invitation = self._invitations[contact] = InvitationSteps.of(contact, group)
            self._set_timer(invitation)
        elif invitation.learn(group) and invitation not in self._due and not invitation.held:
            if invitation.timer is not None:
                invitation.timer.cancel()
            self._set_timer(invitation)

    def _set_timer(self, invitation: InvitationSteps) -> None:
        if not invitation.steps:
            invitation.end(COMPLETED)
        elif invitation.ended is None and not invitation.held:
            invitation.timer = asyncio.create_task(
                self._wake_up(invitation, invitation.steps[0].at, invitation.steps[0].step)
            )

    async def _wake_up(self, invitation: InvitationSteps, at: datetime, step: FollowUpStep) -> None:
        ahead = at - workflow.now()
        if ahead > NOTHING:
            summary = f"{STEP_WORDS[step]} for contact {invitation.contact_id}, due {at:%Y-%m-%d %H:%M} UTC"
            await workflow.sleep(ahead, summary=summary)
        self._due.append(invitation)

    def _not_held(self, due: Sequence[InvitationSteps]) -> list[InvitationSteps]:
        """Hold what comes due while the cycle is known to be paused; return the rest. Expiry does not wait."""
        if not self._holding.believes_paused(workflow.now()):
            return list(due)
        for invitation in due:
            invitation.held = invitation.steps[0].step is not FollowUpStep.EXPIRY
        if any(invitation.held for invitation in due):
            self._holding.set_timer()
        return [invitation for invitation in due if not invitation.held]

    async def _run_steps(self, due: Sequence[InvitationSteps]) -> None:
        if not due:
            return
        left = await self._run_locally(due) if self._request.local else due
        if left:
            await self._run_as_activity(left, after_local=self._request.local)

    async def _run_locally(self, due: Sequence[InvitationSteps]) -> list[InvitationSteps]:
        """Return what takes too long for a workflow task, and so is left to an activity of its own."""
        groups = _groups(due)
        try:
            result = await workflow.execute_local_activity_method(
                FollowUpSteps.run_steps_locally, self._input(groups), summary=_summary(groups), **LOCAL_STEP
            )
        except FailureError as error:
            # Not wrapped in an `ActivityError`, as that of an activity is.
            if is_cancelled_exception(error):
                raise
            return _not_ended(due)
        left = set(result.left)
        self._apply(result, [invitation for invitation in due if invitation.contact_id not in left])
        return _not_ended(invitation for invitation in due if invitation.contact_id in left)

    async def _run_as_activity(self, due: Sequence[InvitationSteps], *, after_local: bool) -> None:
        groups = _groups(due)
        try:
            result = await workflow.execute_activity_method(
                FollowUpSteps.run_steps,
                self._input(groups, after_local=after_local),
                task_queue=TaskQueue.MAIL,
                summary=_summary(groups),
                **STEP,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # What is wrong with one invitation must end neither the others nor the events of this one.
            workflow.logger.warning("a step failed for good, it is tried again later (%s)", _cause(error))
            for invitation in due:
                invitation.fail(workflow.now())
                self._set_timer(invitation)
            return
        self._apply(result, due)

    def _apply(self, result: StepResult, due: Sequence[InvitationSteps]) -> None:
        self._may_continue = self._may_continue or result.may_continue
        if result.held:
            self._holding.note_held(workflow.now())
        elif any(invitation.steps[0].step is not FollowUpStep.EXPIRY for invitation in due):
            self._holding.note_running()
        for invitation in due:
            invitation.apply(result)
            self._set_timer(invitation)

    def _input(self, groups: Groups, *, after_local: bool = False) -> StepInput:
        return StepInput(
            period=self._request.period,
            user_id=self._request.user_id,
            at=workflow.now(),
            expiry_days=self._request.expiry_days,
            due=tuple(
                DueGroup(step=step, contacts=tuple(contacts), tries=tries) for (step, tries), contacts in groups.items()
            ),
            holds=True,
            after_local=after_local,
        )

    def _is_to_continue_as_new(self) -> bool:
        return self._may_continue and workflow.info().is_continue_as_new_suggested() and not self._all_ended()

    async def _continue_as_new(self) -> None:
        """Go on with everything that is known; signals are taken in by now, and what is due is due again at once."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._woken or self._holding.is_over:
            return
        state = self._holding.keep().model_copy(update={"kept": compact(self._invitations.values())})
        workflow.continue_as_new(self._request.model_copy(update={"groups": (), "may_continue": True, "state": state}))


def _known(request: FollowUpInput) -> dict[str, InvitationSteps]:
    if request.state is not None:
        return {
            contact: InvitationSteps.kept(contact, kept) for kept in request.state.kept for contact in kept.contacts
        }
    return {contact: InvitationSteps.of(contact, group) for group in request.groups for contact in group.contacts}


def _groups(due: Iterable[InvitationSteps]) -> Groups:
    groups: dict[tuple[FollowUpStep, int], list[str]] = {}
    for invitation in due:
        groups.setdefault((invitation.steps[0].step, invitation.tries), []).append(invitation.contact_id)
    return groups


def _summary(groups: Groups) -> str:
    return ", ".join(f"{len(contacts)} x {STEP_WORDS[step]}" for (step, _), contacts in groups.items())


def _not_ended(invitations: Iterable[InvitationSteps]) -> list[InvitationSteps]:
    return [invitation for invitation in invitations if invitation.ended is None]


def _together(due: Sequence[InvitationSteps]) -> list[list[InvitationSteps]]:
    """Return what is sent in one activity each: everything, but what has failed for good before one by one."""
    return [
        [invitation for invitation in due if not invitation.errors],
        *([invitation] for invitation in due if invitation.errors),
    ]


def _cause(error: ActivityError) -> str:
    return (isinstance(error.cause, ApplicationError) and error.cause.type) or type(error.cause).__name__
