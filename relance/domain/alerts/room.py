"""How many alerts one group can hold: its state must fit into one payload of Temporal (2 MB), also across runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from relance.domain.alerts.group import AlertGroup
from relance.domain.alerts.lifecycle import Firing

LARGEST = 1_900_000
"""Bytes; the rest of 2 MB is for deliveries, entries and the policy."""

MEMBER = 350
"""Bytes of one member besides its key, with every field (measured: 1.8 MB for 5,000)."""

NOMINAL_AHEAD = timedelta(days=2)
"""How far ahead of now a run's nominal time may be: a check that is run by hand names a day."""


class Admitted(NamedTuple):
    """The firings a group has room for, and how many it has not."""

    firings: tuple[Firing, ...]
    refused: int


def admitted(group: AlertGroup, firings: Iterable[Firing]) -> Admitted:
    """Return the firings that fit; members that are known always do.

    What is refused is open in the database, and shown there; it gets its message when others have resolved.
    """
    known = set(group.members)
    size = sum(len(key) + MEMBER for key in known)
    kept: list[Firing] = []
    refused = 0
    for firing in firings:
        if firing.key not in known:
            if size + len(firing.key) + MEMBER > LARGEST:
                refused += 1
                continue
            known.add(firing.key)
            size += len(firing.key) + MEMBER
        kept.append(firing)
    return Admitted(tuple(kept), refused)


def latest_observation(now: datetime) -> str:
    """Return the last observation that may order the runs; one beyond it would overtake every run to come."""
    return (now + NOMINAL_AHEAD).isoformat()
