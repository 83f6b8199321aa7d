"""Everflow's 99 zones; the position in the list is the `timezone_id`, from 1 on."""

from __future__ import annotations

from datetime import datetime

from relance.domain.zones import zone_info

_NAMES = """
    Pacific/Kiritimati Pacific/Enderbury Pacific/Tongatapu Pacific/Chatham Pacific/Auckland Pacific/Fiji
    Asia/Kamchatka Pacific/Norfolk Australia/Lord_Howe Pacific/Guadalcanal Australia/Adelaide Australia/Sydney
    Australia/Brisbane Australia/Darwin Asia/Seoul Asia/Tokyo Asia/Hong_Kong Asia/Kuala_Lumpur Asia/Manila
    Asia/Shanghai Asia/Singapore Asia/Taipei Australia/Perth Asia/Bangkok Asia/Ho_Chi_Minh Asia/Jakarta Asia/Rangoon
    Asia/Dhaka Asia/Kathmandu Asia/Colombo Asia/Kolkata Asia/Karachi Asia/Tashkent Asia/Yekaterinburg Asia/Kabul
    Asia/Baku Asia/Dubai Asia/Tbilisi Asia/Yerevan Asia/Tehran Africa/Nairobi Asia/Baghdad Asia/Kuwait Asia/Riyadh
    Europe/Minsk Europe/Moscow Africa/Cairo Asia/Beirut Asia/Jerusalem Europe/Athens Europe/Bucharest
    Europe/Helsinki Europe/Istanbul Africa/Johannesburg Europe/Amsterdam Europe/Berlin Europe/Brussels Europe/Paris
    Europe/Prague Europe/Rome Europe/Lisbon Africa/Algiers Europe/London Atlantic/Cape_Verde Africa/Casablanca
    Europe/Dublin UTC America/Scoresbysund Atlantic/Azores Atlantic/South_Georgia America/St_Johns America/Sao_Paulo
    America/Argentina/Buenos_Aires America/Santiago America/Halifax America/Puerto_Rico Atlantic/Bermuda
    America/Caracas America/Indiana/Indianapolis America/New_York America/Bogota America/Lima America/Panama
    America/Mexico_City America/Chicago America/El_Salvador America/Denver America/Mazatlan America/Phoenix
    America/Los_Angeles America/Tijuana Pacific/Pitcairn America/Anchorage Pacific/Gambier America/Adak
    Pacific/Marquesas Pacific/Honolulu Pacific/Niue Pacific/Pago_Pago
"""
ZONES: tuple[str, ...] = tuple(_NAMES.split())


def zone_of(timezone_id: int) -> str | None:
    """Return the zone of an id."""
    return ZONES[timezone_id - 1] if 1 <= timezone_id <= len(ZONES) else None


def listing(now: datetime) -> list[dict[str, object]]:
    """Return the zones as the API lists them; name and offset move with the clock."""
    found: list[dict[str, object]] = []
    for number, zone in enumerate(ZONES, start=1):
        local = now.astimezone(zone_info(zone))
        offset = local.strftime("%z")
        found.append(
            {
                "timezone_id": number,
                "timezone_name": f"{local.tzname()} ({zone})",
                "timezone": zone,
                "utc_offset": f"{offset[:3]}:{offset[3:]}",
            }
        )
    return found
