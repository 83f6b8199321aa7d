"""`start cycle --now` for a period whose cycle runs already: what waits for its time becomes due at once."""

from __future__ import annotations

from dataclasses import replace

from temporalio.service import RPCError

from relance.cli.base.command import Run
from relance.cli.base.confirming import confirm
from relance.cli.base.resources import Repositories
from relance.cli.start.opening import Opened, held
from relance.contracts.names import Signal
from relance.domain.cycle.control import ControlState
from relance.temporal.errors import is_missing
from relance.temporal.schedules import RPC_TIMEOUT
from relance.wording.summaries import counted

SENDS_NOW = "sends_now"


async def send_now(run: Run, database: Repositories, period: str, opened: Opened, *, yes: bool) -> Opened:
    """Make the plans of an open cycle due that are not yet, once a person agrees; return what became of it.

    Stored first: a cycle that does not hear of it looks by itself with its next planning pass, within the hour.

    Raises:
        InvalidInput: there is nobody to ask, and no `--yes`.
    """
    now = run.services.clock.now().replace(microsecond=0)
    waiting = await database.plans.not_due(period, now)
    if not waiting:
        sentence = f"{opened.sentence} Nobody waits for a later time, so --now changes nothing."
        return replace(opened, sentence=sentence)
    what = (
        f"the cycle of {period} runs already, and {counted(waiting, 'user')} would be written to now, not at their own "
        "time, also where that has passed"
    )
    confirm(run, what, yes=yes)
    moved = await database.plans.send_now(period, now)
    try:
        await opened.handle.signal(Signal.PREFERENCES_CHANGED, rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        # It may have ended since: `start cycle` goes on with what is due.
        if not is_missing(error):
            raise
    control = await database.controls.get(period)
    then = f"are due now. {held(control)}" if control.state is ControlState.PAUSED else "are written to now."
    sentence = f"The cycle of {period} runs already; {counted(moved, 'user')} of it {then}"
    return replace(opened, state=SENDS_NOW, sentence=sentence)
