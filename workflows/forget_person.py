"""Forgets a person across every store (SPEC section 13)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.common.options import FORGET

with workflow.unsafe.imports_passed_through():
    from activities.privacy import PersonForgetting
    from relance.contracts.names import TaskQueue
    from relance.contracts.privacy import ForgetInput, ForgetStep
    from relance.wording.summaries import counted

FIRST_REST, LONGEST_REST = timedelta(seconds=1), timedelta(minutes=1)
LAST_LOOK = timedelta(minutes=2)
"""By then every process has written what it had read before."""


@workflow.defn
class ForgetPerson:
    """Close, wait for what is being sent, erase, and look once more; id `forget/<record>`, started again at will."""

    @workflow.run
    async def run(self, request: ForgetInput) -> dict[str, int]:
        """Return how much there was, by store."""
        step = await self._forget(request)
        await workflow.sleep(LAST_LOOK, summary="look once more for what was written meanwhile")
        while (await self._look_again(request)).under_way:
            await workflow.sleep(LONGEST_REST, summary="something is being sent again")
        return step.found

    async def _forget(self, request: ForgetInput) -> ForgetStep:
        rest = FIRST_REST
        while True:
            step: ForgetStep = await workflow.execute_activity_method(
                PersonForgetting.forget_person,
                request,
                task_queue=TaskQueue.OPS,
                summary="close, end and erase",
                **FORGET,
            )
            if not step.under_way:
                return step
            await workflow.sleep(rest, summary=f"{counted(step.under_way, 'mail or plan', 'mails or plans')} under way")
            rest = min(rest * 2, LONGEST_REST)

    async def _look_again(self, request: ForgetInput) -> ForgetStep:
        return await workflow.execute_activity_method(
            PersonForgetting.look_again, request, task_queue=TaskQueue.OPS, summary="look once more", **FORGET
        )
