"""The port `Reports`, from Everflow."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType

from relance.adapters.breaker import Breaker, Breakers
from relance.adapters.everflow import days, listings, queries, table
from relance.adapters.everflow.client import EverflowClient
from relance.adapters.everflow.totals import check, totals
from relance.domain.reports.table import ReportRequest, ReportTable
from relance.settings.everflow import Everflow
from relance.settings.pacing import Breaking


class EverflowReports:
    """Reports of one Everflow network; an async context manager. Without a breaker it makes one of its own."""

    def __init__(self, settings: Everflow, breaker: Breaker | None = None) -> None:
        self._settings = settings
        self._client = EverflowClient(settings, breaker or Breakers(Breaking()).rare("everflow"))
        self._looking_up = asyncio.Lock()
        self._zone_id: int | None = None

    async def __aenter__(self) -> EverflowReports:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def prepare(self) -> None:
        """Look up zone and currency, once per process."""
        await self._zone()

    async def check_connection(self) -> None:
        """Ask for the smallest answer there is, whatever is known already."""
        await self._client.ask("GET", queries.CURRENCIES)

    async def rows(self, request: ReportRequest) -> ReportTable:
        """Return a complete report, or raise.

        The totals are asked first: clicks that arrive in between can then only make the table larger.
        """
        settings = self._settings
        body = queries.report(request, await self._zone(), settings.currency, by_day=settings.check_dates)
        expected = totals(await self._client.ask("POST", queries.TOTALS, body=body)) if settings.check_totals else None
        answer = await self._client.ask("POST", queries.TABLE, body=body)
        entries = table.entries(answer, settings.row_limit)
        zone = settings.timezone if settings.check_dates else None
        found = await asyncio.to_thread(lambda: list(table.lines(entries, request, zone)))
        if settings.check_dates:
            days.all_present((line.day for line in found if line.day), request)
        rows = table.summed(found)
        if expected is not None:
            check(found, expected, clicks=settings.tolerated_clicks, revenue=settings.tolerated_revenue)
        return ReportTable(request, rows, settings.timezone, settings.currency)

    async def partner_status(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the account status of those of these partners that exist."""
        wanted, found = set(ids), dict[str, str]()
        page, last = 1, not wanted
        while not last and found.keys() != wanted:
            answer = await self._client.ask(
                "POST", queries.PARTNERS, body={}, query={"page": page, "page_size": listings.PAGE_SIZE}
            )
            listed = listings.statuses(answer, listings.PARTNERS)
            found |= {partner: status for partner, status in listed.items() if partner in wanted}
            last = listings.is_last(answer, listings.PARTNERS, page)
            page += 1
        return found

    async def _zone(self) -> int:
        async with self._looking_up:
            if self._zone_id is None:
                zone = listings.zone_id(await self._client.ask("GET", queries.TIMEZONES), self._settings.timezone)
                listings.check_currency(await self._client.ask("GET", queries.CURRENCIES), self._settings.currency)
                self._zone_id = zone
            return self._zone_id
