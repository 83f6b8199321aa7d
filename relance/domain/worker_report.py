"""What a worker process says about itself every few seconds, so that others can see it (SPEC H2, H6, X3)."""

from __future__ import annotations

from pydantic import Field

from relance.domain.base import Document, Utc
from relance.domain.sharing import ProviderRest


class WorkerReport(Document):
    """One process, `host:pid`: what it serves, its memory, and its breakers that are not closed (0 to 2 by name).

    `rests` are the providers that told this process to wait, or whose breaker it has opened.
    """

    worker: str = Field(alias="_id")
    role: str
    rss_mb: float
    breakers: dict[str, int] = Field(default_factory=dict)
    rests: tuple[ProviderRest, ...] = ()
    started_at: Utc
    at: Utc
