"""The settings of the watchdog, which runs outside the workers (SPEC H3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from relance.domain.health.watchdog import Patience
from relance.settings.group import SecretUrl, SettingsGroup

Margin = Annotated[timedelta, Field(ge=timedelta(seconds=1), le=timedelta(days=1))]


class Watchdog(SettingsGroup):
    """How late an effect may be before the watchdog says that it has stopped, and whom it tells that all is well."""

    mails_within: Margin = Field(
        timedelta(minutes=5), description="How long no mail may be accepted while plans are due."
    )
    jobs_within: Margin = Field(
        timedelta(minutes=2), description="How long after its nominal time a job's run must have left its record."
    )
    runs_within: Margin = Field(
        timedelta(hours=1), description="How long a run that is at work may take beyond that, such as a cleanup."
    )
    alerts_within: Margin = Field(
        timedelta(minutes=20),
        description="How long after it fired people must have been told of an alert, above what it is gathered for.",
    )
    tasks_within: Margin = Field(
        timedelta(minutes=2), description="How long the oldest task of a queue may wait, and a worker not ask for one."
    )
    deadman_url: SecretUrl | None = Field(
        None,
        description="Called (POST) when all is well: an address of healthchecks.io or its like, which tells somebody "
        "when it is not called any more. https and public, unless RELANCE_CHANNELS__LOCAL_HOSTS names its host.",
    )

    @property
    def patience(self) -> Patience:
        """The margins as the rules take them."""
        return Patience(
            mails=self.mails_within,
            jobs=self.jobs_within,
            running=self.runs_within,
            alerts=self.alerts_within,
            tasks=self.tasks_within,
        )
