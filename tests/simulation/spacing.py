"""Mails of one invitation in time: not too late, not too close, not in the wrong order."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from relance.domain.invitations.invitation import MailKind
from relance.ports import OutgoingMail
from tests.simulation.memory.values import Raw
from tests.simulation.world import World

_REMINDERS = (MailKind.FIRST, MailKind.SECOND)


class Spacing:
    """Knows when each invitation's mails were taken; `skew` is how far two clocks are apart."""

    def __init__(self, world: World, skew: timedelta) -> None:
        self._world = world
        self._skew = skew
        self._sent: dict[str, list[tuple[datetime, MailKind]]] = defaultdict(list)
        self.closest = timedelta(days=365)

    def check(self, letter: OutgoingMail, asked_at: datetime, entry: Raw) -> None:
        """Look at a mail that the relay has taken; its claim was asked for at an instant."""
        before = self._sent[letter.invitation_id]
        now = self._world.now()
        if letter.kind in _REMINDERS:
            self._check_reminder(letter, asked_at, entry)
            distance = min((now - at for at, kind in before if kind is not letter.kind), default=self.closest)
            self.closest = min(self.closest, distance)
            if distance < self._world.timing.distance - self._skew:
                self._violated("distance", letter, f"{distance} after another mail of it")
        before.append((now, letter.kind))

    def _check_reminder(self, letter: OutgoingMail, asked_at: datetime, entry: Raw) -> None:
        due = entry.get("dueAt", {})
        if str(letter.kind) not in due:
            return
        late = asked_at - due[str(letter.kind)]
        if late > self._world.timing.max_late + self._skew:
            self._violated("late", letter, f"{late} after it was due")
        if letter.kind is MailKind.FIRST and asked_at > due["second"] + self._skew:
            self._violated("order", letter, f"{asked_at - due['second']} after the second one was due")

    def _violated(self, rule: str, letter: OutgoingMail, how: str) -> None:
        self._world.violated(rule, f"{letter.kind} of {letter.invitation_id} was sent {how}")
