"""The partner desk's traffic reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relance.domain.reports.table import ReportRequest, ReportTable


class Reports(Protocol):
    """The partner desk's traffic reports (SPEC section 5).

    Every method raises `ReportUnavailable`, `ReportRefused` or `ReportUnusable`; what it returns is complete.
    """

    async def prepare(self) -> None:
        """Look up the zone and the currency, once per process (SPEC W5); shows whether address and key are right."""

    async def rows(self, request: ReportRequest) -> ReportTable:
        """Return a complete report, or raise: a truncated, partial or stale one is never returned (SPEC W4)."""

    async def partner_status(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the account status of those of these partners that exist: active, inactive, pending, suspended."""
