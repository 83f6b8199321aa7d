"""Several events of one invitation, folded into one change of its entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from relance.domain.invitations.event_effects import changed, effects, notice_of
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import Invitation, Notice


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What events do to an entry as it was read: the fields they set, and the notice for its follow-up."""

    invitation: Invitation
    fields: Mapping[str, Any]
    notice: Notice | None
    events: tuple[tuple[EventKind, datetime], ...]


@dataclass(slots=True)
class Folding:
    """An entry while events are applied to it one after the other; `since` is when they arrived."""

    read: Invitation
    since: datetime
    now: Invitation = field(init=False)
    fields: dict[str, Any] = field(default_factory=dict)
    notice: Notice | None = None
    events: list[tuple[EventKind, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.read

    def add(self, kind: EventKind, at: datetime) -> bool:
        """Apply an event; return whether it changes anything."""
        self.notice = notice_of(kind, at, self.now, self.since) or self.notice
        new = effects(kind, at, self.now)
        self.now = changed(self.now, new)
        self.fields.update(new)
        self.events.append((kind, at))
        return bool(new)

    @property
    def change(self) -> EntryChange | None:
        """What is to be written; None if that is nothing."""
        if not self.fields and self.notice is None:
            return None
        return EntryChange(self.read, self.fields, self.notice, tuple(self.events))


def change_of(
    invitation: Invitation, events: Iterable[tuple[EventKind, datetime]], since: datetime
) -> EntryChange | None:
    """Return what events do to an entry; None if they do nothing."""
    folding = Folding(invitation, since)
    for kind, at in events:
        folding.add(kind, at)
    return folding.change
