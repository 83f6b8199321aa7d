"""What people decide about a cycle, by the command line or the console: checked, stored, signalled (SPEC C11)."""

from __future__ import annotations

from dataclasses import dataclass

from relance.domain.alerts.model import Rule
from relance.domain.cycle.control import VERBS, Control, ControlState
from relance.domain.sentences import Sentence
from relance.errors import InvalidInput
from relance.services.alerts import AlertService
from relance.services.cycle_control import ControlResult, CycleControl

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides about which period, and why."""

    period: str
    reason: str
    by: str


def read_reason(reason: str, *, for_good: bool, field: str = "--reason") -> str:
    """Return the reason of a decision on one line; a decision that cannot be undone needs one.

    Raises:
        InvalidInput: it is missing or too long.
    """
    why = " ".join(reason.split())
    if for_good and not why:
        raise InvalidInput(
            field, Sentence("it is missing, and this cannot be undone"), Sentence("say in a few words why")
        )
    if len(why) > LONGEST_REASON:
        raise InvalidInput(
            field,
            Sentence("it is longer than {most} characters", most=LONGEST_REASON),
            Sentence("say it in fewer words"),
        )
    return why


@dataclass(frozen=True, slots=True)
class CycleDecisions:
    """Carries decisions of people out."""

    control: CycleControl
    alerts: AlertService

    async def decide(self, decision: Decision, state: ControlState) -> ControlResult:
        """Change the control of a cycle; the decision of a person about an errant cycle resolves its alert.

        Raises:
            InvalidInput: it may not follow the current control.
        """
        result = await self.control.notify(decision.period, state, decision.reason, decision.by)
        now = result.now
        if now.state is not state:
            said = f"the cycle of {now.id} was {VERBS[now.state]}{by_whom(now)}; it cannot be {VERBS[state]} any more"
            raise InvalidInput("PERIOD", said, f"`cycle status {now.id}` shows how it stands")
        if state is not ControlState.PAUSED:
            await self.alerts.clear(Rule.CYCLE_STOPPED, decision.period)
        return result


def by_whom(control: Control) -> str:
    """Return who took the last decision about a cycle, when and why, as words after a verb; empty if nobody did."""
    since = f", since {control.at:%Y-%m-%d %H:%M:%S} UTC" if control.at else ""
    who = f", by {control.by}{since}" if control.by else ""
    return who + (f" ({control.reason})" if control.reason else "")
