"""Instants as an operator reads them: on the clock of a zone, and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from relance.domain.zones import zone_info


def local(instant: datetime | None, zone: str) -> str | None:
    """Return the local time of a known zone to the minute, without naming the zone; nothing stays nothing."""
    return None if instant is None else f"{instant.astimezone(zone_info(zone)):%Y-%m-%d %H:%M}"


def local_and_utc(instant: datetime, zone: str) -> str:
    """Return an instant in a known zone and in UTC: `2026-03-11 09:00 Europe/Amsterdam (08:00 UTC)`."""
    there, utc = instant.astimezone(zone_info(zone)), instant.astimezone(UTC)
    if zone == "UTC":
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    day = "" if there.date() == utc.date() else f"{utc:%Y-%m-%d} "
    return f"{there:%Y-%m-%d %H:%M} {zone} ({day}{utc:%H:%M} UTC)"
