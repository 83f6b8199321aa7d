"""What is recorded of one run of a scheduled job (SPEC H3)."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from relance.domain.base import Document, Utc


class JobRun(Document):
    """One run of a job for one nominal time; `at` is when it was recorded, `figures` are what H5 watches.

    Only read: nothing writes it back.
    """

    model_config = ConfigDict(extra="ignore")

    job: str
    nominal: Utc
    state: str
    at: Utc
    detail: dict[str, str | int] = Field(default_factory=dict)
    figures: dict[str, float] = Field(default_factory=dict)
