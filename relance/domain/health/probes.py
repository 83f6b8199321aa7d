"""The probes of the health check (SPEC H2)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Utc
from relance.domain.mail.sharing import ProviderRest


class ProbeName(StrEnum):
    """The probes by name, each with what it measures."""

    MONGODB = "mongodb"
    """Milliseconds of a ping and a write that a majority has."""
    MAIL_RELAY = "mail-relay"
    """Milliseconds to connect, greet and get an answer to NOOP."""
    EVERFLOW = "everflow"
    """Milliseconds of the smallest answer."""
    TEMPORAL = "temporal"
    """Milliseconds of the frontend's own health check."""
    QUEUES = "task-queues"
    """Seconds the oldest task has waited for a worker."""
    WORKERS = "workers"
    """Task queues whose work nobody asks for."""
    STUCK = "workflows"
    """Workflows whose code fails, and jobs that are open for too long."""
    MISSED_ACTIONS = "schedules"
    """Nominal times that the Schedules passed over, ever."""
    BREAKERS = "breakers"
    """Breakers of providers and channels that are open."""
    MEMORY = "memory"
    """MiB of the largest worker."""
    DATABASE_DISK = "database-disk"
    """Percent of the database's disk in use."""
    WORKER_DISK = "worker-disk"
    """Percent of the worker's disk in use."""
    OVERDUE = "reminders"
    """Reminders that should have been sent or skipped by now."""
    FOLLOW_UPS = "follow-ups"
    """Follow-ups that were not there when the reconciliation looked last."""
    JOB_RUNS = "job-runs"
    """Jobs that have not run when they should have."""
    QUARANTINE = "quarantine"
    """Documents that cannot be read."""
    OUTBOX = "outbox"
    """Seconds the oldest event has waited for its follow-up to be notified of it."""
    INTAKE = "mail-intake"
    """Milliseconds until the listener of the mail intake greets."""
    PERIODS = "periods"
    """Periods that lack a cycle, plans, or the plan of a user."""


class WorkerReport(Document):
    """One process, `host:pid`: what it serves, its memory, and its breakers that are not closed (0 to 2 by name).

    `rests` are the providers that asked this process to wait, or whose breaker it has opened.
    """

    worker: str = Field(alias="_id")
    role: str
    rss_mb: float
    breakers: dict[str, int] = Field(default_factory=dict)
    rests: tuple[ProviderRest, ...] = ()
    started_at: Utc
    at: Utc
