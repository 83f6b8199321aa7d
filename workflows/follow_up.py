"""The follow-up of one user's invitations: their timers, their events, their reminders (SPEC R1-R5)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

from workflows.options import STEP

with workflow.unsafe.imports_passed_through():
    from activities.follow_ups import FollowUpSteps
    from relance import signal_checks
    from relance.contracts.follow_up import (
        DueGroup,
        Followed,
        FollowedState,
        FollowUpInput,
        InvitationEvent,
        Step,
        StepInput,
        StepResult,
        Wake,
    )
    from relance.contracts.names import TaskQueue
    from relance.domain.events import ENDS_FOLLOW_UP
    from relance.domain.wording import STEP_WORDS


NOTHING = timedelta(0)
COMPLETED = "completed"
_ORDER = tuple(Step)


class _Invitation:
    """One invitation's place in time: the steps still ahead of it, and the timer of the next one."""

    def __init__(self, contact_id: str, group: Followed) -> None:
        self.contact_id = contact_id
        self.steps: list[tuple[datetime, Step]] = []
        self.tries = 0
        self.ended: str | None = None
        self.timer: asyncio.Task[None] | None = None
        self.take(group)

    def take(self, group: Followed) -> None:
        """Replace the steps by those of `group`."""
        self.steps = _steps(group)
        self.tries = 0

    def learn(self, group: Followed) -> bool:
        """Add the steps of `group` that are not known; return whether another one is next now."""
        known = {step for _, step in self.steps}
        new = [one for one in _steps(group) if one[1] not in known]
        next_before = self.steps[:1]
        # In their own order: one that was put off may be later than the one after it.
        self.steps = sorted(self.steps + new, key=lambda one: _ORDER.index(one[1]))
        return self.steps[:1] != next_before

    def end(self, reason: str) -> None:
        """Need no further timer; the first reason stays."""
        if self.ended is None:
            self.ended = reason
            if self.timer is not None:
                self.timer.cancel()


def _steps(group: Followed) -> list[tuple[datetime, Step]]:
    known = (
        (group.retry_at, Step.RETRY),
        (group.first, Step.FIRST),
        (group.second, Step.SECOND),
        (group.expiry, Step.EXPIRY),
    )
    return [(at, step) for at, step in known if at is not None]


@workflow.defn
class FollowUp:
    """Hold one timer per invitation and send what comes due together; id `follow-up/<period>/<user>`."""

    @workflow.init
    def __init__(self, request: FollowUpInput) -> None:
        self._request = request
        self._invitations = {
            contact: _Invitation(contact, group) for group in request.groups for contact in group.contacts
        }
        self._due: list[_Invitation] = []
        self._woken: list[Followed] = []

    @workflow.signal
    def event(self, event: InvitationEvent) -> None:
        """Note an event; it is in the database already, so that one for an unknown invitation costs nothing."""
        contact = signal_checks.event(event, self._request.period, self._request.user_id)
        invitation = self._invitations.get(contact)
        if invitation is not None and event.kind in ENDS_FOLLOW_UP:
            invitation.end(event.kind.value)

    @workflow.signal
    def stop(self, reason: str) -> None:
        """End every timer: the cycle was rolled back (SPEC C11); it is in the database already."""
        for one in self._invitations.values():
            one.end(signal_checks.reason(reason))

    @workflow.signal
    def wake(self, news: Wake) -> None:
        """Note what the ledger says is still to come, in case some of it is not known here any more (SPEC R8)."""
        known = {*self._invitations, *(contact for group in self._woken for contact in group.contacts)}
        self._woken.extend(signal_checks.wake(news, known, workflow.now()).groups)

    @workflow.query
    def steps(self) -> list[FollowedState]:
        """Return each invitation's next step."""
        return [
            FollowedState(
                contact_id=one.contact_id,
                step=one.steps[0][1] if one.steps and one.ended is None else None,
                due=one.steps[0][0] if one.steps and one.ended is None else None,
                ended=one.ended,
            )
            for one in self._invitations.values()
        ]

    @workflow.run
    async def run(self, request: FollowUpInput) -> dict[str, str]:
        """Return how each invitation's follow-up ended, by contact id."""
        for one in self._invitations.values():
            self._set_timer(one)
        while self._woken or not self._all_ended():
            await workflow.wait_condition(lambda: bool(self._due or self._woken) or self._all_ended())
            self._take_in()
            due, self._due = self._due, []
            self._apply(due, await self._run_steps(due))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return {one.contact_id: one.ended or "" for one in self._invitations.values()}

    def _all_ended(self) -> bool:
        return all(one.ended is not None for one in self._invitations.values())

    def _take_in(self) -> None:
        groups, self._woken = self._woken, []
        for group in groups:
            for contact in group.contacts:
                self._learn(contact, group)

    def _learn(self, contact: str, group: Followed) -> None:
        one = self._invitations.get(contact)
        if one is None or one.ended is not None:
            one = self._invitations[contact] = _Invitation(contact, group)
            self._set_timer(one)
        elif one.learn(group) and one not in self._due:
            if one.timer is not None:
                one.timer.cancel()
            self._set_timer(one)

    def _set_timer(self, one: _Invitation) -> None:
        if not one.steps:
            one.end(COMPLETED)
        elif one.ended is None:
            at, step = one.steps[0]
            one.timer = asyncio.create_task(self._wake_up(one, at, step))

    async def _wake_up(self, one: _Invitation, at: datetime, step: Step) -> None:
        ahead = at - workflow.now()
        if ahead > NOTHING:
            summary = f"{STEP_WORDS[step]} for contact {one.contact_id}, due {at:%Y-%m-%d %H:%M} UTC"
            await workflow.sleep(ahead, summary=summary)
        self._due.append(one)

    async def _run_steps(self, due: list[_Invitation]) -> StepResult:
        open_now = [one for one in due if one.ended is None]
        if not open_now:
            return StepResult()
        groups: dict[tuple[Step, int], list[str]] = {}
        for one in open_now:
            groups.setdefault((one.steps[0][1], one.tries), []).append(one.contact_id)
        words = ", ".join(f"{len(contacts)} x {STEP_WORDS[step]}" for (step, _), contacts in groups.items())
        return await workflow.execute_activity_method(
            FollowUpSteps.run_steps,
            StepInput(
                period=self._request.period,
                user_id=self._request.user_id,
                at=workflow.now(),
                expiry_days=self._request.expiry_days,
                due=tuple(
                    DueGroup(step=step, contacts=tuple(contacts), tries=tries)
                    for (step, tries), contacts in groups.items()
                ),
            ),
            task_queue=TaskQueue.MAIL,
            summary=words,
            **STEP,
        )

    def _apply(self, due: list[_Invitation], result: StepResult) -> None:
        accepted = {contact: group for group in result.due for contact in group.contacts}
        for one in due:
            retry_at = result.retry.get(one.contact_id)
            if one.contact_id in accepted:
                one.take(accepted[one.contact_id])
            elif retry_at is not None:
                one.steps[0] = (retry_at, one.steps[0][1])
                one.tries += 1
            elif one.contact_id in result.put_off:
                one.steps[0] = (result.put_off[one.contact_id], one.steps[0][1])
            else:
                one.steps.pop(0)
                one.tries = 0
            if one.contact_id in result.ended:
                one.end(result.ended[one.contact_id])
            self._set_timer(one)
