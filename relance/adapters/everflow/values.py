"""Single values of a report: numbers that may come as texts, ids that may come as numbers."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from relance.errors import ReportUnusable

# Nobody earns or clicks more in a day; a larger number is a broken one.
MOST_DIGITS = 12
# Everflow adds up floats: 99.99999999999999 is 100, and a rule may turn on that.
MICRO = Decimal("0.000001")
_TEXT = re.compile(r"-?\d{1,12}(\.\d{1,10})?")
_ID = re.compile(r"[\w./:-]{1,64}")


def money(value: Any, where: str) -> Decimal:
    """Return an amount with six decimals; it may be negative.

    Raises:
        ReportUnusable: it is missing, not a number, not finite or absurd.
    """
    if isinstance(value, str) and _TEXT.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ReportUnusable("value", f"{where} is not a number")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ReportUnusable("value", f"{where} is out of range") from None
    if not amount.is_finite() or (amount and amount.adjusted() >= MOST_DIGITS):
        raise ReportUnusable("value", f"{where} is not a usable number")
    return amount.quantize(MICRO)


def count(value: Any, where: str) -> int:
    """Return a count; `63.0` and `"63"` are counts too.

    Raises:
        ReportUnusable: it is no whole number from 0 on.
    """
    number = money(value, where)
    if number < 0 or number != number.to_integral_value():
        raise ReportUnusable("value", f"{where} is not a count")
    return int(number)


def identifier(value: Any, where: str) -> str:
    """Return an id as text: resources have numbers, reports have texts.

    Raises:
        ReportUnusable: it cannot be an id.
    """
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _ID.fullmatch(text):
        raise ReportUnusable("shape", f"{where} is not an id")
    return text
