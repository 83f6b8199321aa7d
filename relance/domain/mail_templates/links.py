"""The links that templates of one's own add."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

_PLACEHOLDER: Final = re.compile(
    r"\b(?:TODO|FIXME|TBD|XXX+|lorem ipsum|votre adresse|your address|changeme)\b"
    r"|\[\[|\]\]|<%|%>|\$\{|\{\{[^{}]*\}\}|\{%",
    re.IGNORECASE,
)


def link_trouble(url: str, is_reserved: Callable[[str], bool]) -> tuple[str, str] | None:
    """Return what is wrong with a link and what to write instead; None if it can stand in a mail.

    `is_reserved` tells whether a host is one to which nothing leads.
    """
    shown = url if len(url) <= 80 else f"{url[:79]}…"
    if not url or url.startswith("#"):
        return f"the link {shown!r} leads nowhere", "write a whole address that begins with https://"
    if any(character.isspace() or not character.isprintable() for character in url):
        return f"the link {shown!r} holds a space or a control character", "write it as %20, or leave it out"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"the link {shown!r} is no address", "write it like https://example.org/page"
    if parts.scheme == "mailto" and "@" in parts.path:
        trouble = None
    elif parts.scheme != "https" or not host:
        trouble = f"the link {shown!r} does not begin with https://", "write the whole address of a page under https"
    elif parts.username:
        trouble = f"the link {shown!r} holds a user name", "leave out what stands before the @"
    elif is_reserved(host):
        trouble = f"{host} is a name for examples, to which nothing leads", "write the address of your own page"
    else:
        trouble = None
    return trouble


def placeholder(text: str) -> str | None:
    """Return a part of a text that somebody was to replace and did not."""
    found = _PLACEHOLDER.search(text)
    return found[0] if found else None
