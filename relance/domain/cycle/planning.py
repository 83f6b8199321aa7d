"""From a user's preferences to the plan of a period (SPEC C2-C4, C14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from relance.domain.base import Document, Id, Period, Utc
from relance.domain.cycle.send_times import Defaults, send_time
from relance.domain.invitations.people import User


class PlanStatus(StrEnum):
    """`planned` may still change with the user's preferences; every later state is fixed."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


UNREADABLE = "unreadable"
"""Why a plan was skipped that is no plan: a field is missing, of a wrong type or out of range."""


class Plan(Document):
    """One user's send in one period; `_id` is `<period>.<userId>`, so there is at most one.

    `local` is the wall time in `zone` as ISO text without offset; `notes` are the codes of `send_times.Note`;
    `contacts` is the number of contacts looked at when sending began, `beyond` that of the user's further ones, which
    are skipped and have no entries (`domain.bounds`).
    """

    id: str = Field(alias="_id")
    period: Period
    user_id: Id
    instant: Utc
    local: str
    zone: str
    notes: tuple[str, ...] = ()
    status: PlanStatus = PlanStatus.PLANNED
    reason: str | None = None
    late: bool = False
    contacts: int | None = Field(default=None, ge=0)
    beyond: int | None = Field(default=None, ge=0)
    updated_at: Utc

    @model_validator(mode="after")
    def _of_its_keys(self) -> Plan:
        # A plan under another id is found by queries and not by its key: its end could never be recorded.
        if self.id != f"{self.period}.{self.user_id}":
            raise PydanticCustomError("plan_id", "the id is not made of period and user")
        return self


LATE_AFTER = timedelta(hours=1)
"""A mail that leaves later than this after its planned instant is stamped late."""


class PlanReason(StrEnum):
    """Why a plan was skipped, or a contact of a plan."""

    TOO_LATE = "too_late"
    BEFORE_START = "before_start"
    JOINED_LATER = "joined_after_send_time"
    CONTACT_JOINED_LATER = "contact_added_later"


@dataclass(frozen=True, slots=True)
class Planner:
    """The rules of one planning pass at the instant `at`.

    `opening` is the first pass of a cycle: then a send time that has just passed was missed by us and is made up for.
    In a later pass it was missed by us if the user was planned before; a user who is new joined after it and starts
    with the next period.
    """

    period: str
    defaults: Defaults
    at: datetime
    max_late: timedelta
    opening: bool
    send_now: bool
    not_before: datetime | None

    def plan(self, user: User, *, known: bool = False) -> Plan:
        """Return the plan of a user, `planned` or `skipped` with its reason; `known` if there is one of the period."""
        time = send_time(
            self.period, day=user.send_day, time=user.send_time, zone=user.timezone, defaults=self.defaults
        )
        instant = self.at if self.send_now else time.instant
        reason = None if self.send_now else self._refusal(instant, known=known)
        return Plan(
            id=f"{self.period}.{user.id}",
            period=self.period,
            user_id=user.id,
            instant=instant,
            local=time.local.isoformat(timespec="minutes"),
            zone=time.zone,
            notes=tuple(time.notes),
            status=PlanStatus.SKIPPED if reason else PlanStatus.PLANNED,
            reason=reason,
            late=reason is None and not self.send_now and is_late(instant, self.at),
            updated_at=self.at,
        )

    def _refusal(self, instant: datetime, *, known: bool) -> PlanReason | None:
        if self.not_before is not None and instant < self.not_before:
            return PlanReason.BEFORE_START
        if instant < self.at and not (self.opening or known):
            return PlanReason.JOINED_LATER
        return PlanReason.TOO_LATE if too_late(instant, self.at, self.max_late) else None


def is_late(instant: datetime, at: datetime) -> bool:
    """Return whether a mail sent at `at` is stamped late (SPEC C14)."""
    return at - instant > LATE_AFTER


def too_late(instant: datetime, at: datetime, max_late: timedelta) -> bool:
    """Return whether a missed send is given up (SPEC C14)."""
    return at - instant > max_late
