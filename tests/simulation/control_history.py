"""What cycles were told when, and that nobody is written to against it (SPEC C11)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from relance import ids
from relance.domain.cycle.control import ControlState
from relance.domain.invitations.invitation import MailKind
from relance.ports import OutgoingMail
from tests.simulation.memory.values import Raw
from tests.simulation.world import World

HEARD_WITHIN = timedelta(seconds=150)
"""A process looks once a second; a look may be slow on both ways, and the next one too."""

_S = ControlState


class ControlHistory:
    """Knows since when a period stands still."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._told: dict[str, list[tuple[datetime, ControlState]]] = defaultdict(list)

    def begin(self) -> None:
        """Begin to watch."""
        self._world.store.table("cycleControls").watchers.append(self._changed)

    def state(self, period: str) -> ControlState:
        """Return what a period was told last."""
        return self._told[period][-1][1] if self._told[period] else _S.RUNNING

    def put_back(self) -> None:
        """Take what the database says after a restore as told just now."""
        known = {one["_id"]: _S(one["state"]) for one in self._world.store.table("cycleControls").near({})}
        for period in list(self._told):
            self._told[period].append((self._world.now(), known.get(period, _S.RUNNING)))

    def check(self, letter: OutgoingMail, asked_at: datetime) -> None:
        """Look whether a mail may be sent whose claim was asked for at an instant."""
        period = ids.parse_invitation_id(letter.invitation_id).period
        since = self._forbidden_since(period, letter.kind, asked_at)
        if since is not None and asked_at - since > HEARD_WITHIN:
            self._world.violated(
                "C11", f"{letter.kind} of {letter.invitation_id} was sent, the cycle stands still since {since}"
            )

    def _changed(self, before: Raw | None, after: Raw | None) -> None:
        if after is not None:
            self._told[after["_id"]].append((self._world.now(), _S(after["state"])))

    def _forbidden_since(self, period: str, kind: MailKind, at: datetime) -> datetime | None:
        since: datetime | None = None
        for told_at, state in self._told[period]:
            if told_at > at:
                break
            if not _forbids(state, kind):
                since = None
            elif since is None:
                since = told_at
        return since


def _forbids(state: ControlState, kind: MailKind) -> bool:
    if kind is MailKind.CORRECTION:
        return state is not _S.ROLLED_BACK
    if kind is MailKind.INVITATION:
        return state is not _S.RUNNING
    # Whoever got an invitation of a cycle that was cancelled is still reminded.
    return state in {_S.PAUSED, _S.ROLLED_BACK}
