"""What a worker process says about itself every few seconds, so that others can see it (SPEC H2, H6, X3)."""

from __future__ import annotations

from pydantic import Field

from relance.domain.base import Document, Utc


class WorkerReport(Document):
    """One process, `host:pid`: what it serves, its memory, and its breakers that are not closed (0 to 2 by name)."""

    worker: str = Field(alias="_id")
    role: str
    rss_mb: float
    breakers: dict[str, int] = Field(default_factory=dict)
    started_at: Utc
    at: Utc
