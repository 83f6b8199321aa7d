"""Instants and months in words, English ones until somebody says them in another language."""

from __future__ import annotations

from datetime import UTC, date, datetime

from relance.domain.sentences import Localised
from relance.domain.zones import zone_info
from relance.wording.alerts.figures import FIGURES


def moment(instant: datetime, zone: str, *, bare: bool = False) -> Localised:
    """Return an instant in words: the local time of a known zone, and UTC; `bare` leaves out the English `on`."""

    def write(language: str) -> str:
        text = _french(instant, zone) if language == "fr" else _english(instant, zone)
        return text.removeprefix("on ") if bare else text

    return Localised(write)


def month(period: str) -> Localised:
    """Return a period in words."""
    return Localised(lambda language: _day(date.fromisoformat(f"{period}-01"), "MMMM y", language))


def _english(instant: datetime, zone: str) -> str:
    local, utc = instant.astimezone(zone_info(zone)), instant.astimezone(UTC)
    if zone == "UTC":
        return f"on {_day(utc)} at {utc:%H:%M} UTC"
    day = "" if utc.date() == local.date() else f"{_day(utc, 'd MMMM')} "
    return f"on {_day(local)} at {local:%H:%M} {zone} time ({day}{utc:%H:%M} UTC)"


def _french(instant: datetime, zone: str) -> str:
    local, utc = instant.astimezone(zone_info(zone)), instant.astimezone(UTC)
    if zone == "UTC":
        return f"le {_day(utc, language='fr')} à {utc:%H:%M} UTC"
    day = "" if utc.date() == local.date() else f"{_day(utc, 'd MMMM', 'fr')} "
    return f"le {_day(local, language='fr')} à {local:%H:%M}, heure de {zone} ({day}{utc:%H:%M} UTC)"


def _day(day: date, pattern: str = "EEEE d MMMM y", language: str = "en") -> str:
    from relance.wording import cldr

    # Babel takes an instant to UTC before it formats it; a date stays.
    return cldr.day(date(day.year, day.month, day.day), pattern, FIGURES[language].locale)
