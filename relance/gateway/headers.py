"""Headers of every answer: nothing is guessed, framed, run or passed on."""

from __future__ import annotations

from collections.abc import Mapping

SAFE: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
