"""Tag lists, `name=value; name=value`, as DKIM and DMARC records hold them (RFC 6376 section 3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class TagList:
    """The tags in their order, and the first fault, if the text is no tag list."""

    tags: dict[str, str]
    fault: str = ""


def read_tags(text: str) -> TagList:
    """Read a tag list; white space around names, values and separators does not count."""
    tags: dict[str, str] = {}
    parts = [part.strip() for part in text.split(";")]
    if parts and not parts[-1]:
        parts.pop()
    for part in parts:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not _NAME.match(name):
            return TagList(tags, f"{part[:40]!r} is no tag=value" if part else "two semicolons follow each other")
        if name in tags:
            return TagList(tags, f"the tag {name} stands twice")
        tags[name] = value
    return TagList(tags)
