"""The settings of the weekly cleanup: what is kept for how long (SPEC H1); job runs: `jobs.runs_kept`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.domain.jobs.retention import Retention, Sweep
from relance.settings.group import SettingsGroup

_LEAST = timedelta(days=7)


class RetentionGroup(SettingsGroup):
    """How long things are kept; a period counts from its end, and goes only when nothing of it is open."""

    cycles: timedelta = Field(
        timedelta(days=400), ge=timedelta(days=31), description="Invitations, plans and records of ended periods."
    )
    anonymous_after: timedelta = Field(
        timedelta(days=90),
        ge=_LEAST,
        description="When ended periods lose the ids of users and contacts; opt-outs are remembered all the same.",
    )
    alerts: timedelta = Field(timedelta(days=400), ge=_LEAST, description="Resolved alerts with their history.")
    silences: timedelta = Field(timedelta(days=90), ge=_LEAST, description="Silences that have ended.")
    chat_messages: timedelta = Field(timedelta(days=365), ge=_LEAST, description="Messages of the chat inbox.")
    attachments: timedelta = Field(timedelta(days=180), ge=_LEAST, description="Charts that messages link to.")
    quarantine: timedelta = Field(
        timedelta(days=90),
        ge=_LEAST,
        description="Notes on documents that cannot be read, from the last time one was refused.",
    )

    def policy(self, job_runs: timedelta) -> Retention:
        """Return the policy these settings describe; `job_runs` is how long their records are kept."""
        return Retention(
            self.anonymous_after,
            self.cycles,
            {
                Sweep.JOB_RUNS: job_runs,
                Sweep.ALERTS: self.alerts,
                Sweep.SILENCES: self.silences,
                Sweep.CHAT_MESSAGES: self.chat_messages,
                Sweep.ATTACHMENTS: self.attachments,
                Sweep.QUARANTINE: self.quarantine,
                # They keep a message from being posted twice.
                Sweep.POSTED: self.chat_messages,
            },
        )
