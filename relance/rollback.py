"""What a rollback would do, without doing anything (SPEC C11)."""

from __future__ import annotations

from relance.concurrency import at_once
from relance.contracts.rollback import RollBackResult
from relance.domain.control import ControlState
from relance.ports import Compensations, RunningFollowUps

PAGE = 500


async def survey(compensations: Compensations, follow_ups: RunningFollowUps, period: str) -> RollBackResult:
    """Return what taking a cycle back would change now: the same counts that doing it returns."""
    running, after = 0, None
    while page := await compensations.users(period, after, PAGE):
        running += sum(await at_once(page, lambda user: follow_ups.running(period, user)))
        after = page[-1]
    return RollBackResult(
        period=period,
        changes=dict(await compensations.survey(period, ControlState.ROLLED_BACK)),
        follow_ups=running,
        reached=await compensations.count_reached(period),
    )
