"""What travels to and from the weekly cleanup: periods, instants and counts (SPEC H1)."""

from __future__ import annotations

from pydantic import Field

from relance.domain.base import Period, Utc, Wire
from relance.domain.retention import Sweep


class Expired(Wire):
    """How many invitations expired without a follow-up; `busy` are the periods in which a late follow-up still runs."""

    expired: int = 0
    busy: tuple[Period, ...] = ()


class EndedInput(Wire):
    """Asks which periods may be touched; the busy ones may not."""

    nominal: Utc
    busy: tuple[Period, ...] = ()


class Ended(Wire):
    """The periods to delete and those to anonymise; `held` counts those that are old enough but not at rest."""

    delete: tuple[Period, ...] = ()
    anonymise: tuple[Period, ...] = ()
    held: dict[str, int] = Field(default_factory=dict)


class SweepInput(Wire):
    """One sweep; `periods` for those that go by period."""

    sweep: Sweep
    nominal: Utc
    dry_run: bool
    periods: tuple[Period, ...] = ()
