"""What the partner desk looks for in Everflow reports: Default LP and Paused partner (SPEC W1-W4).

The rules get complete reports only; a truncated or unreadable one never comes this far (SPEC W4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from relance.domain.failures import Severity
from relance.domain.reports.table import Cell, Clicks, ReportColumn, ReportRow
from relance.domain.zones import Window, days_before

DEFAULT_LP_COLUMNS = (ReportColumn.OFFER_URL, ReportColumn.OFFER, ReportColumn.AFFILIATE)
PAUSED_PARTNER_COLUMNS = (ReportColumn.AFFILIATE,)
PAUSED_PARTNER_DAYS = 3

BASE_URL_ID = "0"
"""The offer URL id of traffic on an offer's base destination."""

_PERCENT = Decimal(100)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class DefaultLpPolicy:
    """Alerts on landing pages whose label contains `text` with more than `clicks` clicks.

    With `base_url`, pages with the offer URL id "0" count too, whatever their label.
    """

    text: str = "Default"
    clicks: int = 50
    metric: Clicks = Clicks.TOTAL
    base_url: bool = False

    def __post_init__(self) -> None:
        if not self.text:
            raise ValueError("an empty text would match every landing page")


@dataclass(frozen=True, slots=True)
class PausedPartnerPolicy:
    """Alerts on partners with at least `baseline` revenue before whose revenue fell by more than `drop` percent."""

    baseline: Decimal = Decimal(100)
    drop: Decimal = Decimal(50)

    def __post_init__(self) -> None:
        if self.baseline <= 0:
            raise ValueError("a drop needs a baseline above zero")


@dataclass(frozen=True, slots=True)
class CheckRules:
    """Everything that decides what the checks look at and find; days are those of `zone`."""

    zone: str
    severity: Severity = Severity.HIGH
    no_data_severity: Severity = Severity.HIGH
    default_lp: DefaultLpPolicy = DefaultLpPolicy()
    paused_partner: PausedPartnerPolicy = PausedPartnerPolicy()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found: the ids that identify it, the labels people know it by, and the figures.

    `value` is compared with `threshold`: clicks, or the drop in percent. Paused partner adds the revenue of both
    windows as `baseline` and `current`.
    """

    subject: str
    labels: Mapping[str, str]
    value: Decimal
    threshold: Decimal
    baseline: Decimal | None = None
    current: Decimal | None = None


class PartnerWindows(NamedTuple):
    """The two windows of Paused partner."""

    previous: Window
    current: Window


def default_lp_window(nominal: datetime, zone: str) -> Window:
    """Return the local day before the nominal time (SPEC W1, W3)."""
    return days_before(nominal, zone, days=1)


def paused_partner_windows(nominal: datetime, zone: str) -> PartnerWindows:
    """Return the last three full local days and the same weekdays one week earlier (SPEC W2, W3)."""
    return PartnerWindows(
        previous=days_before(nominal, zone, days=PAUSED_PARTNER_DAYS, weeks_earlier=1),
        current=days_before(nominal, zone, days=PAUSED_PARTNER_DAYS),
    )


def default_lp(rows: Iterable[ReportRow], policy: DefaultLpPolicy) -> list[Finding]:
    """Return the landing pages to alert on, most clicks first; one row per page, offer and partner (SPEC W1)."""
    findings = []
    for row in rows:
        page, offer, partner = (row.columns[column] for column in DEFAULT_LP_COLUMNS)
        clicks = row.clicks(policy.metric)
        if clicks > policy.clicks and _is_default(page, policy):
            findings.append(
                Finding(
                    subject=f"{page.id}.{offer.id}.{partner.id}",
                    labels=MappingProxyType(
                        {
                            "landing_page": page.label,
                            "offer": offer.label,
                            "partner": partner.label,
                            "match": policy.text,
                        }
                    ),
                    value=Decimal(clicks),
                    threshold=Decimal(policy.clicks),
                )
            )
    return _worst_first(findings)


def paused_partner(
    previous: Iterable[ReportRow], current: Iterable[ReportRow], policy: PausedPartnerPolicy
) -> list[Finding]:
    """Return the partners to alert on, largest drop first (SPEC W2).

    A partner without traffic has no row: who is missing from the current window has revenue 0, and only partners of
    the previous window are looked at. Partners are matched by id; the newest label is shown.
    """
    before, now = _revenue_by_partner(previous), _revenue_by_partner(current)
    findings = []
    for partner_id, (old_label, baseline) in before.items():
        label, revenue = now.get(partner_id, (old_label, _NOTHING))
        # Multiplied out: a quotient would be rounded before it is compared.
        if baseline >= policy.baseline and (baseline - revenue) * _PERCENT > baseline * policy.drop:
            findings.append(
                Finding(
                    subject=partner_id,
                    labels=MappingProxyType({"partner": label}),
                    value=(baseline - revenue) * _PERCENT / baseline,
                    threshold=policy.drop,
                    baseline=baseline,
                    current=revenue,
                )
            )
    return _worst_first(findings)


def _is_default(page: Cell, policy: DefaultLpPolicy) -> bool:
    return policy.text.casefold() in page.label.casefold() or (policy.base_url and page.id == BASE_URL_ID)


def _revenue_by_partner(rows: Iterable[ReportRow]) -> dict[str, tuple[str, Decimal]]:
    sums: dict[str, tuple[str, Decimal]] = {}
    for row in rows:
        partner = row.columns[ReportColumn.AFFILIATE]
        _, revenue = sums.get(partner.id, ("", _NOTHING))
        sums[partner.id] = (partner.label, revenue + row.revenue)
    return sums


def _worst_first(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (-finding.value, finding.subject))
