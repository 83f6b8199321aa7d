"""The text part of a mail, made from its HTML part."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "h1", "h2", "div", "table", "tr", "td", "li"})
_UNSEEN = frozenset({"head", "style", "title"})
_VOID = frozenset({"br", "hr", "img", "meta"})


def plain_text(html: str) -> str:
    """Return the text of a mail: one line per paragraph, links written out, `data-text="skip"` left out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._paragraphs: list[str] = [""]
        self._skipping: list[str] = []
        self._target = ""

    def text(self) -> str:
        tidy = (re.sub(r"[ \t\r\n]+", " ", line).replace("\v", "\n").strip() for line in self._paragraphs)
        return "\n\n".join(line for line in tidy if line) + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if self._skipping or tag in _UNSEEN or found.get("data-text") == "skip":
            if tag not in _VOID:
                self._skipping.append(tag)
            return
        if tag in _BLOCKS:
            self._paragraphs.append("")
        elif tag == "br":
            self._paragraphs[-1] += "\v"
        elif tag == "a":
            self._target = found.get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.pop()
            return
        if tag == "a" and self._target:
            # A link whose words are its target needs no second look at it.
            if not self._paragraphs[-1].endswith(self._target.removeprefix("mailto:").removeprefix("https://")):
                self._paragraphs[-1] += f"\v{self._target}\v"
            self._target = ""
        elif tag in _BLOCKS:
            self._paragraphs.append("")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._paragraphs[-1] += data
