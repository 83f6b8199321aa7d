"""Every setting: type, default, range and description (SPEC section 10).

Settings come from environment variables (`RELANCE_<GROUP>__<NAME>`), then from `.env`; secrets may come from files in
the folder that `RELANCE_SECRETS_DIR` names. How Temporal is reached follows Temporal's own convention
(`TEMPORAL_ADDRESS`, ...), see `relance.temporal.connection`.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from relance.contracts.names import TaskQueue
from relance.domain.alerts.routing import DEFAULT, AlertRoute
from relance.domain.cycle.send_times import FIRST_REMINDER_DAYS
from relance.domain.invitations.holdout import HeldOut, HoldOut
from relance.domain.invitations.reminders import ReminderTiming
from relance.errors import SettingsError
from relance.settings.alerts import AlertsGroup
from relance.settings.bounds import BoundsGroup
from relance.settings.channels import Channels
from relance.settings.console import ConsoleGroup
from relance.settings.error_gate import ErrorGateGroup
from relance.settings.everflow import Everflow
from relance.settings.gateway import Gateway
from relance.settings.group import Cron, SettingsGroup, Zone
from relance.settings.health import HealthGroup
from relance.settings.intake import Intake
from relance.settings.jobs import DigestGroup, Jobs, Performance, ReconcileGroup
from relance.settings.mail import MailGroup
from relance.settings.mongo import Mongo as Mongo
from relance.settings.monitoring import Monitoring
from relance.settings.pacing import Breaking, Pacing
from relance.settings.privacy import Privacy
from relance.settings.relay_log import RelayLogGroup
from relance.settings.retention import RetentionGroup
from relance.settings.sources import DELIMITER, PREFIX, check_names, secrets_folder, sentence
from relance.settings.watchdog import Watchdog


class Scheduling(SettingsGroup):
    """Days, hours, zones and intervals."""

    default_day: int = Field(5, ge=1, le=31, description="Day of the month for users without one of their own.")
    default_time: str = Field("18:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Local time, HH:MM.")
    default_zone: Zone = Field("Europe/Paris", description="Zone of users without one, and of the Schedules.")
    cycle_cron: Cron = Field("0 6 25 * *", description="When the next month's cycle is opened, in the default zone.")
    cycle_catchup: timedelta = Field(
        timedelta(days=12), ge=timedelta(minutes=1), description="How late a missed opening is still made up for."
    )
    replan_every: timedelta = Field(
        timedelta(hours=1), ge=timedelta(seconds=10), description="How often plans follow changed preferences."
    )
    max_late: timedelta = Field(
        timedelta(days=7), ge=timedelta(0), description="Later than this, invitations are skipped, not sent."
    )
    reminder_max_late: timedelta = Field(
        timedelta(days=3),
        gt=timedelta(0),
        le=timedelta(days=30),
        description="Later than this after it was due, a reminder is left out and recorded as too late; longer than "
        "`reminder_distance`.",
    )
    reminder_distance: timedelta = Field(
        timedelta(days=1),
        ge=timedelta(0),
        le=timedelta(days=FIRST_REMINDER_DAYS),
        description="Between two mails of one invitation lies at least so much; a reminder that would come sooner is "
        "put off to that instant.",
    )
    expiry_days: int = Field(30, ge=8, le=365, description="Days after which an unanswered invitation expires.")
    holdout_percent: float = Field(
        0.0,
        ge=0,
        le=50,
        description="Percentage of invitations that chance leaves without reminders, so that their effect can be "
        "measured; it counts from the next invitation on.",
    )
    holdout_without: HeldOut = Field(
        HeldOut.BOTH, description="What these go without: both reminders, the first or the second."
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.reminder_max_late <= self.reminder_distance:
            # A reminder put off to keep its distance must not be too late by that alone.
            raise ValueError("reminder_max_late must be longer than reminder_distance")
        return self

    @property
    def reminder_timing(self) -> ReminderTiming:
        """The limits of reminders these settings describe."""
        return ReminderTiming(self.reminder_max_late, self.reminder_distance)

    @property
    def hold_out(self) -> HoldOut:
        """The rule these settings describe."""
        return HoldOut(self.holdout_percent, self.holdout_without)


class Batches(SettingsGroup):
    """How a wave is cut up."""

    users: int = Field(50, ge=1, le=1000, description="Users per batch.")
    in_flight: int = Field(
        4, ge=1, le=64, description="Batches of a wave sent at the same time, in the whole installation."
    )
    waves_per_hour: int = Field(
        3600,
        ge=60,
        le=100_000,
        description="Most waves a cycle starts within an hour; more than the plans of a month explain is an alert, and "
        "the rest waits for the next hour.",
    )


class WorkerGroup(SettingsGroup):
    """Slots and limits of a worker process."""

    workflow_tasks: int = Field(
        30,
        ge=2,
        le=200,
        description="Workflow tasks handled at once, per worker process and task queue; with `local_steps` also how "
        "many users' reminders are sent at once, so at most half of `cached_workflows`.",
    )
    local_steps: bool = Field(
        True,
        description="Whether follow-ups that begin now run on the queue of the mails and send what comes due in local "
        "activities, as long as the relay keeps up; false for as long as one may go back to versions before 0.2.",
    )
    activities: int = Field(64, ge=1, le=1000, description="Activities run at once, per worker process and task queue.")
    cached_workflows: int = Field(
        60,
        ge=0,
        le=10_000,
        description="Workflows kept in memory between their tasks, per worker process and task queue; a follow-up of "
        "20 contacts takes 0.3 MiB.",
    )
    sandbox: Literal["strict", "off"] = Field(
        "off", description="Whether workflow code is isolated while it runs; the tests always use strict."
    )
    woken_together: int = Field(
        50,
        ge=1,
        le=10_000,
        description="Users whose follow-ups are woken at once when a paused cycle goes on, in the whole installation; "
        "less than the caches of all workers hold.",
    )
    versioning: bool = Field(
        False,
        description="Whether the server tells versions of the worker apart: nothing runs before `versions promote`.",
    )
    build_id: str | None = Field(
        None, pattern=r"^[A-Za-z0-9._+-]{1,100}$", description="Name of this version; by default that of the package."
    )
    drain: timedelta = Field(
        timedelta(seconds=25), ge=timedelta(0), description="How long mails in flight may take after SIGTERM."
    )

    @property
    def follow_up_queue(self) -> TaskQueue:
        """The queue of follow-ups that begin now."""
        return TaskQueue.MAIL if self.local_steps else TaskQueue.INVITATIONS


class TemporalGroup(SettingsGroup):
    """What Temporal's own variables do not cover."""

    retention: timedelta = Field(
        timedelta(days=30), ge=timedelta(days=1), description="How long closed workflows stay visible."
    )


class Settings(BaseSettings):
    """All settings, by group."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, env_file=".env", extra="ignore", frozen=True
    )

    scheduling: Scheduling = Scheduling()
    jobs: Jobs = Jobs()
    health: HealthGroup = HealthGroup()
    performance: Performance = Performance()
    reconcile: ReconcileGroup = ReconcileGroup()
    retention: RetentionGroup = RetentionGroup()
    digest: DigestGroup = DigestGroup()
    batches: Batches = Batches()
    bounds: BoundsGroup = BoundsGroup()
    mail: MailGroup = MailGroup()
    relay_log: RelayLogGroup = RelayLogGroup()
    pacing: Pacing = Pacing()
    breakers: Breaking = Breaking()
    error_gate: ErrorGateGroup = ErrorGateGroup()
    mongo: Mongo = Mongo()
    everflow: Everflow = Everflow()
    channels: Channels = Channels()
    alerts: AlertsGroup = AlertsGroup()
    gateway: Gateway = Gateway()
    console: ConsoleGroup = ConsoleGroup()
    intake: Intake = Intake()
    temporal: TemporalGroup = TemporalGroup()
    worker: WorkerGroup = WorkerGroup()
    monitoring: Monitoring = Monitoring()
    watchdog: Watchdog = Watchdog()
    privacy: Privacy = Privacy()

    @model_validator(mode="before")
    @classmethod
    def _links_lead_to_the_gateway(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        gateway, mail = data.get("gateway"), data.get("mail", {})
        public = gateway.get("public_url") if isinstance(gateway, dict) else getattr(gateway, "public_url", None)
        if public and isinstance(mail, dict) and "link_base" not in mail:
            return {**data, "mail": {**mail, "link_base": public}}
        return data

    @model_validator(mode="after")
    def _routes_lead_to_channels(self) -> Self:
        for route in self.alerts.routes:
            for name in route.channels:
                lack = self.channels.lack(name)
                if lack is not None:
                    where = f"RELANCE_ALERTS__ROUTES_FILE: {self.alerts.routes_file}, route {route.name}"
                    raise ValueError(f"{where}: RELANCE_CHANNELS: {lack}")
        return self

    @property
    def routes(self) -> tuple[AlertRoute, ...]:
        """Where alerts go, the first that takes one counts; the last takes everything: the channels by default."""
        channels = self.channels
        rest = AlertRoute(name=DEFAULT, always=channels.always_names, order=channels.order_names)
        return (*self.alerts.routes, rest)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Every channel that is in use, once."""
        default, others = self.routes[-1], self.routes[:-1]
        return tuple(dict.fromkeys(name for route in (default, *others) for name in route.channels))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read a file of the secrets' folder like the variable of its name."""
        files = NestedSecretsSettingsSource(file_secret_settings)
        return init_settings, env_settings, dotenv_settings, files


@cache
def load_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: a value is wrong, or a name is no setting; names the variable and the reason, never a value that
            may be a secret.
    """
    folder = secrets_folder()
    groups = {name: field.annotation for name, field in Settings.model_fields.items()}
    check_names({name: group for name, group in groups.items() if isinstance(group, type)}, folder)
    try:
        return Settings(_secrets_dir=folder)
    except ValidationError as error:
        lines = (sentence(problem) for problem in error.errors(include_url=False))
        raise SettingsError("; ".join(lines)) from None
    except SourceError as error:
        # A whole group as JSON that is none.
        raise SettingsError(f"RELANCE_*: {error}") from None
