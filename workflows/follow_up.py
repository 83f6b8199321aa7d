"""The follow-up of one user's invitations: their timers, their events, their reminders (SPEC R1-R5)."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow

from workflows.options import STEP

with workflow.unsafe.imports_passed_through():
    from activities.follow_ups import FollowUpSteps
    from relance import ids
    from relance.contracts.follow_up import (
        DueGroup,
        Followed,
        FollowedState,
        FollowUpInput,
        InvitationEvent,
        Step,
        StepInput,
        StepResult,
    )
    from relance.contracts.names import TaskQueue
    from relance.domain.events import ENDS_FOLLOW_UP
    from relance.domain.wording import STEP_WORDS


class _Invitation:
    """One invitation's place in time: the steps still ahead of it."""

    def __init__(self, contact_id: str, group: Followed) -> None:
        self.contact_id = contact_id
        self.steps: list[tuple[datetime, Step]] = []
        self.tries = 0
        self.ended: str | None = None
        self.waiting = False
        self.take(group)

    def take(self, group: Followed) -> None:
        """Replace the steps by those of `group`."""
        known = (
            (group.retry_at, Step.RETRY),
            (group.first, Step.FIRST),
            (group.second, Step.SECOND),
            (group.expiry, Step.EXPIRY),
        )
        self.steps = [(at, step) for at, step in known if at is not None]


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

    @workflow.signal
    def event(self, event: InvitationEvent) -> None:
        """Note an event; it is in the database already, so that one for an unknown invitation costs nothing."""
        key = ids.parse_invitation_id(event.invitation_id)
        invitation = self._invitations.get(key.contact_id)
        if invitation is not None and event.kind in ENDS_FOLLOW_UP and invitation.ended is None:
            invitation.ended = event.kind.value

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
        following = [asyncio.create_task(self._follow(one)) for one in self._invitations.values()]
        sending = asyncio.create_task(self._send_what_is_due())
        await asyncio.gather(*following)
        await sending
        await workflow.wait_condition(workflow.all_handlers_finished)
        return {one.contact_id: one.ended or "" for one in self._invitations.values()}

    async def _follow(self, one: _Invitation) -> None:
        while one.ended is None and one.steps:
            if await self._ended_before(one):
                break
            one.waiting = True
            self._due.append(one)
            await workflow.wait_condition(lambda: not one.waiting)

    async def _ended_before(self, one: _Invitation) -> bool:
        at, step = one.steps[0]
        ahead = at - workflow.now()
        if ahead.total_seconds() <= 0:
            return one.ended is not None
        try:
            await workflow.wait_condition(
                lambda: one.ended is not None,
                timeout=ahead,
                timeout_summary=f"{STEP_WORDS[step]} for contact {one.contact_id}, due {at:%Y-%m-%d %H:%M} UTC",
            )
        except TimeoutError:
            return False
        return True

    def _all_ended(self) -> bool:
        return all(one.ended is not None or not one.steps for one in self._invitations.values())

    async def _send_what_is_due(self) -> None:
        while True:
            await workflow.wait_condition(lambda: bool(self._due) or self._all_ended())
            due, self._due = self._due, []
            if not due:
                return
            self._apply(due, await self._run_steps(due))

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
                one.tries = 0
            elif retry_at is not None:
                one.steps[0] = (retry_at, one.steps[0][1])
                one.tries += 1
            else:
                one.steps.pop(0)
                one.tries = 0
            if one.ended is None:
                one.ended = result.ended.get(one.contact_id)
            if one.ended is None and not one.steps:
                one.ended = "completed"
            one.waiting = False
