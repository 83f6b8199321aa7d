"""The settings of the partner desk's reports (SPEC section 5)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from relance.domain.failures import Severity
from relance.domain.reports.rules import CheckRules, DefaultLpPolicy, PausedPartnerPolicy
from relance.domain.reports.table import Clicks
from relance.settings.group import Cron, SettingsGroup, Zone
from relance.settings.loopback import is_private


def _host_only(url: str) -> str:
    parts = urlsplit(url)
    if not is_private(parts):
        raise ValueError("the key would travel unencrypted; use https")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.username or parts.password:
        raise ValueError("must be scheme and host only, like https://api.eflow.team")
    return url.rstrip("/")


def _none_if_empty(value: object) -> object:
    # `RELANCE_EVERFLOW__API_KEY=` is how a template says that there is none.
    return value or None


class Everflow(SettingsGroup):
    """The partner desk's reports: where they come from, how they are checked, and what counts as a finding."""

    base_url: Annotated[str, AfterValidator(_host_only)] = Field(
        "https://api.eflow.team", description="The API's host; accounts hosted in the EU: https://api-eu.eflow.team."
    )
    api_key: Annotated[SecretStr | None, BeforeValidator(_none_if_empty)] = Field(
        None, description="Network API key; none means the checks cannot run."
    )
    timezone: Zone = Field("Europe/Amsterdam", description="Zone of the reports' days and of both Schedules.")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Currency of the reports (ISO 4217).")
    timeout: float = Field(90.0, gt=0, le=600, description="Seconds for one call in all.")
    calls_at_once: int = Field(4, ge=1, le=4, description="Most calls at the same time, per worker process.")
    row_limit: int = Field(10_000, ge=1, le=10_000, description="Rows from which a report counts as truncated.")
    check_dates: bool = Field(
        True, description="Whether reports are asked by day, which shows a wrong day or zone and a day without data."
    )
    check_totals: bool = Field(
        True,
        description="Whether rows are compared with the network's totals (one more call), which shows missing ones.",
    )
    tolerated_clicks: int = Field(10, ge=0, description="Clicks by which rows and totals may differ.")
    tolerated_revenue: Decimal = Field(Decimal(1), ge=0, description="Revenue by which rows and totals may differ.")
    rate_window: float = Field(
        30.0,
        ge=0.1,
        le=600,
        description="Seconds each process stays away after 429 where no Retry-After says how long.",
    )
    patience: timedelta = Field(
        timedelta(minutes=30),
        ge=timedelta(seconds=1),
        le=timedelta(hours=6),
        description="For how long a report that fails or cannot be used is asked again before that is an alert.",
    )
    severity: Severity = Field(Severity.HIGH, description="Severity of both alerts.")
    no_data_severity: Severity = Field(Severity.HIGH, description="Severity of the alert that a check has no data.")
    clicks: Clicks = Field(Clicks.TOTAL, description="Which clicks count: total_click or unique_click.")
    default_lp_word: str = Field("Default", min_length=1, description="What the name of a default page contains.")
    default_lp_base_url: bool = Field(
        False, description="Whether the offer's base destination (offer URL id 0) counts as default, whatever its name."
    )
    default_lp_clicks: int = Field(50, ge=0, description="A default page alerts with more clicks than this.")
    default_lp_cron: Cron = Field("0 9 * * *", description="When Default LP looks at the day before.")
    default_lp_catchup: timedelta = Field(
        timedelta(hours=1), ge=timedelta(minutes=1), description="How late a missed Default LP run is made up for."
    )
    paused_revenue: Decimal = Field(
        Decimal(100), gt=0, description="A partner counts from this revenue in the earlier three days on."
    )
    paused_drop: Decimal = Field(
        Decimal(50), ge=0, lt=100, description="A partner alerts with a drop above this, in %."
    )
    paused_cron: Cron = Field("0 8 * * 1,3,5", description="When Paused partner looks at three days.")
    paused_catchup: timedelta = Field(
        timedelta(hours=1), ge=timedelta(minutes=1), description="How late a missed Paused partner run is made up for."
    )

    @property
    def rules(self) -> CheckRules:
        """The rules these settings describe."""
        return CheckRules(
            zone=self.timezone,
            severity=self.severity,
            no_data_severity=self.no_data_severity,
            default_lp=DefaultLpPolicy(
                text=self.default_lp_word,
                clicks=self.default_lp_clicks,
                metric=self.clicks,
                base_url=self.default_lp_base_url,
            ),
            paused_partner=PausedPartnerPolicy(baseline=self.paused_revenue, drop=self.paused_drop),
        )
