"""The settings of alerting: thresholds, repeat intervals and limits (SPEC A2, A3)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from relance.domain.alerts.policy import AlertPolicy, SeverityPolicy
from relance.domain.alerts.routing import AlertRoute
from relance.settings.group import SettingsGroup, Zone
from relance.settings.routes import read_routes

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=7)


class AlertsGroup(SettingsGroup):
    """When people are notified about alerts, how often and in how many messages."""

    language: Literal["en", "fr"] = Field("en", description="Language of the messages.")
    zone: Zone = Field("Europe/Amsterdam", description="Zone of the times in messages, and of the daily digest.")
    digest_time: str = Field(
        "09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="When rules tell low alerts, local time, HH:MM."
    )
    low_by_rule: bool = Field(
        False, description="Whether each rule tells its low alerts itself; else the daily digest tells them all."
    )
    routes_file: Path | None = Field(
        None,
        description="TOML file of routes: which alerts go to which channels and recipients, and their quiet hours; "
        "deploy/routes/example.toml shows one. What no route takes goes to the channels of RELANCE_CHANNELS.",
    )
    runbook_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s#]+$",
        description="Where people can read docs/incidents.md, as https://wiki.example/incidents.md: messages about an "
        "alert then end with the link to its section.",
    )
    critical_repeat: timedelta = Field(
        timedelta(hours=1),
        ge=_SHORTEST,
        le=_LONGEST,
        description="How often critical alerts are repeated until acknowledged.",
    )
    critical_escalate: timedelta = Field(
        timedelta(minutes=15),
        ge=_SHORTEST,
        le=_LONGEST,
        description="After how long an unacknowledged critical alert goes to the second channel too.",
    )
    high_repeat: timedelta = Field(
        timedelta(hours=4), ge=_SHORTEST, le=_LONGEST, description="After how long high alerts are repeated."
    )
    high_repeats: int = Field(1, ge=0, le=100, description="How often, unless a check sees them again.")
    medium_gather: timedelta = Field(
        timedelta(minutes=15), ge=_SHORTEST, le=_LONGEST, description="For how long medium alerts are gathered."
    )
    worse_by: Decimal = Field(
        Decimal("1.5"), gt=1, le=100, description="Factor over the value told last from which an alert is sent again."
    )
    interval: timedelta = Field(
        timedelta(minutes=15),
        ge=_SHORTEST,
        le=_LONGEST,
        description="The interval within which messages of a group are limited.",
    )
    most_messages: int = Field(2, ge=1, le=20, description="Most messages of a group in any such interval.")
    group_wait: timedelta = Field(
        timedelta(seconds=30), ge=timedelta(0), description="For how long further alerts are gathered after a message."
    )
    resolve_hold: timedelta = Field(
        timedelta(minutes=5), ge=timedelta(0), description="How long a condition must stay away to count as resolved."
    )
    flaps: int = Field(4, ge=2, le=100, description="Changes within the flap window that make an alert flapping.")
    flap_window: timedelta = Field(timedelta(hours=1), ge=_SHORTEST, le=_LONGEST, description="The flap window.")
    flap_digest: timedelta = Field(
        timedelta(hours=1), ge=_SHORTEST, le=_LONGEST, description="How often a flapping alert is told."
    )
    flap_calm: timedelta = Field(
        timedelta(minutes=30),
        ge=_SHORTEST,
        le=_LONGEST,
        description="How long a flapping alert must keep still to be told again.",
    )

    _routes: tuple[AlertRoute, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _routes_can_be_read(self) -> Self:
        if self.routes_file is not None:
            self._routes = read_routes(self.routes_file, self.zone)
        return self

    @property
    def routes(self) -> tuple[AlertRoute, ...]:
        """The routes of the file, the first that takes an alert counts."""
        return self._routes

    @property
    def policy(self) -> AlertPolicy:
        """The policy these settings describe."""
        return AlertPolicy(
            critical=SeverityPolicy(repeat=self.critical_repeat, escalate=self.critical_escalate),
            high=SeverityPolicy(repeat=self.high_repeat, repeats=self.high_repeats),
            medium=SeverityPolicy(gather=self.medium_gather),
            low=SeverityPolicy(daily=True),
            worse_by=self.worse_by,
            interval=self.interval,
            most_messages=self.most_messages,
            group_wait=self.group_wait,
            resolve_hold=self.resolve_hold,
            flaps=self.flaps,
            flap_window=self.flap_window,
            flap_digest=self.flap_digest,
            flap_calm=self.flap_calm,
            digest_time=self.digest_time,
            low_by_rule=self.low_by_rule,
            zone=self.zone,
        )
