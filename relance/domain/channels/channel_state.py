"""The stored condition of a channel (SPEC A5)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Utc


class ChannelCondition(StrEnum):
    """Whether messages arrive."""

    WORKING = "working"
    FAILING = "failing"
    GONE = "gone"


class ChannelState(Document):
    """One channel; `since` is when the condition began, `address` a fingerprint of where it led to then."""

    name: str = Field(alias="_id")
    condition: ChannelCondition
    since: Utc
    at: Utc
    address: str = ""
    detail: str = ""
    delivered: int = 0
    failed: int = 0


def after(
    state: ChannelState | None, name: str, condition: ChannelCondition, at: datetime, *, address: str, detail: str = ""
) -> ChannelState:
    """Return the state after one more try."""
    same = state is not None and state.condition is condition and state.address == address
    return ChannelState(
        name=name,
        condition=condition,
        since=state.since if state is not None and same else at,
        at=at,
        address=address,
        detail=detail,
        delivered=(state.delivered if state else 0) + (condition is ChannelCondition.WORKING),
        failed=(state.failed if state else 0) + (condition is not ChannelCondition.WORKING),
    )


def is_usable(state: ChannelState | None, address: str) -> bool:
    """Return whether a channel may be written to: one that is gone stays so until it leads somewhere else."""
    return state is None or state.condition is not ChannelCondition.GONE or state.address != address
