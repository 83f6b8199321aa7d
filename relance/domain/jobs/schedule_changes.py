"""What a change of a Schedule's cron expression leaves out (SPEC H3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

NEVER = datetime.max.replace(tzinfo=UTC)


def left_out(before: Sequence[datetime], after: Sequence[datetime]) -> tuple[datetime, ...]:
    """Return the nominal times that nothing will act on: those of the old expression before the new one's first."""
    first = min(after, default=NEVER)
    return tuple(at for at in before if at < first)
