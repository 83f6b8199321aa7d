"""What operators do with a cycle: pause and resume at once, cancel and roll back after they have seen what follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from relance.console.answers import or_away
from relance.console.live.reaching import reaching_temporal
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import Asked, PageAction, Params, Redirect, Show
from relance.contracts.rollback import RollBackInput
from relance.domain.base import is_period
from relance.domain.cycle.control import TRANSITIONS, ControlState
from relance.domain.cycle.coverage import CycleFate, CycleState
from relance.domain.sentences import Sentence
from relance.errors import DependencyUnavailable, InvalidInput, NotFound
from relance.services.cycle_control import survey
from relance.services.cycle_decisions import Decision, read_reason
from relance.temporal.errors import NAME
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.rollbacks import start_rollback

NAMES: Final = {
    "pause": ControlState.PAUSED,
    "resume": ControlState.RUNNING,
    "cancel": ControlState.CANCELLED,
    "rollback": ControlState.ROLLED_BACK,
}


def allowed(state: ControlState, *, runs: bool) -> list[str]:
    """Return the names of what may be decided now: what is over can be taken back, but not stopped."""
    following = [name for name, wanted in NAMES.items() if wanted in TRANSITIONS[state]]
    # One that was paused and whose workflow ended from outside can be let go on, as on the command line.
    return following if runs else [name for name in following if name in {"resume", "rollback"}]


def may_run(fate: CycleFate | None) -> bool:
    """Return whether a cycle may run: while nobody can tell, no decision is held back."""
    return fate is None or fate.state is CycleState.RUNNING


async def _decide(needs: ConsoleNeeds, asked: Asked, name: str) -> Redirect | Show:
    period, state = await known_period(needs, asked.params), NAMES[name]
    await _check_allowed(needs, period, name)
    if state.final and "confirmed" not in asked.form:
        return Show("cycle/confirm.html", await _foreseen(needs, period, name))
    reason = read_reason(asked.form.get("reason", ""), for_good=state.final, field="reason")
    try:
        with reaching_temporal():
            await needs.decisions.decide(Decision(period, reason, asked.person.name), state)
    except DependencyUnavailable as error:
        # It is stored by then, and the reconciliation tells the cycle; a roll-back has to be started.
        if error.dependency != NAME or state is ControlState.ROLLED_BACK:
            raise
        return Redirect(f"/cycle/{period}", "cycle.stored")
    if state is ControlState.ROLLED_BACK:
        await start_rollback(needs.client, RollBackInput(period=period, correction="correction" in asked.form))
    return Redirect(f"/cycle/{period}", f"cycle.{name}")


async def _check_allowed(needs: ConsoleNeeds, period: str, name: str) -> None:
    fate, _ = await or_away(needs.watchers.fate(period, rest=0.0))
    control = await needs.data.controls.get(period)
    if name not in allowed(control.state, runs=may_run(fate)):
        said = Sentence(
            "this cannot be done now: the cycle is {state}, its workflow {workflow}",
            state=control.state.value,
            workflow=fate.state.value if fate is not None else Sentence("unknown"),
        )
        raise InvalidInput("cycle", said, Sentence("look at the page as it is now"))


async def _foreseen(needs: ConsoleNeeds, period: str, name: str) -> Mapping[str, Any]:
    data = needs.data
    running = TemporalFollowUps(needs.client, data.ledger)
    return {
        "name": name,
        "waiting": await data.plans.open_count(period),
        "survey": await survey(data.compensations, running, period) if name == "rollback" else None,
        "control": await data.controls.get(period),
    }


async def known_period(needs: ConsoleNeeds, params: Params) -> str:
    """Return the period that a path names.

    Raises:
        NotFound: there is no cycle of it.
    """
    period = params["period"]
    is_known = is_period(period) and (
        await needs.data.job_runs.statistics(period) is not None
        or period in await needs.data.plans.periods()
        or (await needs.watchers.fate(period)).state is not CycleState.NONE
    )
    if not is_known:
        raise NotFound(f"PERIOD: there is no cycle of {period!r}")
    return period


def _named(name: str) -> Callable[[ConsoleNeeds, Asked], Awaitable[Redirect | Show]]:
    async def act(needs: ConsoleNeeds, asked: Asked) -> Redirect | Show:
        return await _decide(needs, asked, name)

    return act


ACTIONS: Final = tuple(PageAction(name, _named(name)) for name in NAMES)
