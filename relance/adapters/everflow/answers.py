"""From an answer's bytes and headers to what they say, as tolerantly as is safe."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from relance.errors import ReportUnusable

MOST_SHOWN = 200
LONGEST_WAIT_S = 3600.0
_ERROR_KEYS = ("Error", "error")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")


def parse(content: bytes) -> Any:
    """Return the JSON of an answer; fractions as `Decimal`, NaN and infinities as non-finite `Decimal`.

    Control characters within texts are accepted: Everflow has sent them.

    Raises:
        ReportUnusable: it is not JSON.
    """
    try:
        return json.loads(
            content.decode("utf-8-sig", errors="replace"), strict=False, parse_float=Decimal, parse_constant=Decimal
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise ReportUnusable("unreadable", f"{len(content)} bytes that are not whole JSON") from None


def error_in(data: Any) -> str | None:
    """Return the error in an answer: Everflow documents its key as `error`, and its servers send `Error`."""
    if not isinstance(data, Mapping):
        return None
    for key in _ERROR_KEYS:
        if data.get(key):
            return plain(str(data[key]))
    return None


def error_text(content: bytes) -> str:
    """Return what an error answer says, for people: its message, or only that it is none of Everflow's."""
    try:
        found = error_in(parse(content))
    except ReportUnusable:
        found = None
    return found or "without an error message of Everflow's"


def plain(text: str, most: int = MOST_SHOWN) -> str:
    """Return a text from Everflow on one line, printable and shortened."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait by `Retry-After`, a number or a date (RFC 9110 section 10.2.3), an hour at most."""
    text = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(text):
        return min(float(text), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def rate(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return `X-RateLimit-Limit` and `X-RateLimit-Remaining`."""
    limit, remaining = (headers.get(f"x-ratelimit-{name}", "").strip() for name in ("limit", "remaining"))
    return int(limit) if limit.isdecimal() else None, int(remaining) if remaining.isdecimal() else None
