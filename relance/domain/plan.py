"""A plan: the recorded intent that a user's invitations go out at an instant (SPEC C4)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from relance.domain.base import Document, Id, Period, Utc


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
