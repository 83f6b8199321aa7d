"""The HTML of one block: balanced, nothing that mail programs do not show, slots only where they are safe."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final

from relance.domain.mail_templates.finding import TemplateFinding, meant
from relance.domain.mail_templates.links import link_trouble, placeholder
from relance.domain.mail_templates.slots import LINK_SLOTS, MARKED, mark

_INLINE: Final = "a b bdi br code em i s small span strong sub sup u"
_BLOCK: Final = "blockquote div h2 h3 hr li ol p table tbody td th thead tr ul"
_SAFE: Final = (
    "align aria-hidden aria-label bgcolor border cellpadding cellspacing class colspan data-text dir height href lang "
    "role rowspan style title valign width"
)
INLINE_TAGS, BLOCK_TAGS, ATTRIBUTES = (tuple(names.split()) for names in (_INLINE, _BLOCK, _SAFE))
TAGS: Final = (*INLINE_TAGS, *BLOCK_TAGS)
DEEPEST: Final = 50
"""Tags that may be open at once within a block."""
_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "source"})
_REMOTE: Final = re.compile(r"url\s*\(|@import|expression\s*\(|javascript:", re.IGNORECASE)
_HIDDEN: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*(?:0(?![.\d])|[0-8](?:\.\d+)?p[xt])"
    r"|opacity\s*:\s*0(?:\.0*)?(?![.\d])|(?<![-\w])color\s*:\s*transparent",
    re.IGNORECASE,
)
_WHY_NOT: Final = {
    "img": "a picture from the web is hidden until the recipient asks for it, and tells when he looks",
    "style": "Gmail drops the styles of a mail that has too many",
    "script": "no mail program runs it",
    "form": "mail programs take it away or warn of it",
    "h1": "the title is the one heading of the first level",
}


def markup_findings(file: str, line: int, fragment: str, is_reserved: Callable[[str], bool]) -> list[TemplateFinding]:
    """Return what is wrong with the HTML of a block that begins in this line; its slots are marked."""
    reader = _MarkupReader(file, line, is_reserved)
    try:
        reader.feed(fragment)
        reader.finish()
    except _NestedTooDeeply:
        reader.note(f"tags are nested more than {DEEPEST} deep", "close those that are open, or leave some out")
    except AssertionError:
        # So html.parser says that it does not know a marked section: <![...]>.
        reader.unknown_decl("")
    return reader.found


class _NestedTooDeeply(Exception):
    """Reading on would take time that grows with the square of the file."""


class _MarkupReader(HTMLParser):
    def __init__(self, file: str, line: int, is_reserved: Callable[[str], bool]) -> None:
        super().__init__(convert_charrefs=True)
        self._file, self._before, self._is_reserved = file, line - 1, is_reserved
        self._open: list[tuple[str, int]] = []
        self.found: list[TemplateFinding] = []

    def finish(self) -> None:
        if self.rawdata.startswith("<"):
            self.note("a tag is not complete", "close it with >")
        self.close()
        for tag, line in self._open:
            self.note(f"<{tag}> is never closed", f"write </{tag}> within the same block", line)

    def note(self, problem: str, remedy: str, line: int | None = None) -> None:
        self.found.append(TemplateFinding(self._file, self._line if line is None else line, problem, remedy))

    @property
    def _line(self) -> int:
        return self._before + self.getpos()[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            why = f", because {_WHY_NOT[tag]}" if tag in _WHY_NOT else ""
            self.note(f"<{tag}> is not allowed{why}", f"use {', '.join(TAGS)}")
            attrs = []
        elif tag in BLOCK_TAGS and any(outer == "p" for outer, _ in self._open):
            self.note(f"<{tag}> stands within a paragraph", "end the paragraph first ({% call text() %} is one)")
        elif tag == "a" and any(outer == "a" for outer, _ in self._open):
            self.note("a link stands within a link", "end the first one before it")
        for name, value in attrs:
            self._attribute(tag, name, value or "")
        if tag == "a" and not any(name == "href" for name, _ in attrs):
            self.note("<a> has no href", "write where it leads")
        if tag not in _VOID:
            if len(self._open) == DEEPEST:
                raise _NestedTooDeeply
            self._open.append((tag, self._line))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()
            self.note(f"<{tag}/> closes nothing in HTML", f"write <{tag}></{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            self.note(f"</{tag}> closes nothing", f"write <{tag}> alone")
        elif not any(opened == tag for opened, _ in self._open):
            self.note(f"</{tag}> closes nothing", f"write <{tag}> before it within the same block, or take it away")
        else:
            while (last := self._open.pop())[0] != tag:
                self.note(f"<{last[0]}> is not closed before </{tag}>", f"write </{last[0]}> first", last[1])

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name not in ATTRIBUTES:
            self.note(f"the attribute {name} is not allowed", meant(name, ATTRIBUTES))
        elif name == "href" and tag == "a":
            self._link(value)
        elif MARKED.search(value):
            self.note(f"a slot stands in {name}", "slots may stand between tags, and those of links as a whole href")
        elif name == "style" and _REMOTE.search(value):
            self.note("a style loads something from the web", "mails load nothing; take url(...) away")
        elif name == "style" and _HIDDEN.search(value):
            self.note("a style hides text, as spam does", "take it away; the block preheader is hidden by itself")

    def _link(self, value: str) -> None:
        if any(value == mark(name) for name in LINK_SLOTS):
            return
        if found := MARKED.search(value):
            name = found[1]
            if name in LINK_SLOTS:
                self.note(
                    f"the link of {name} is changed, and its signature with it", f'write href="{{{{ {name} }}}}" alone'
                )
            else:
                self.note(
                    f"the slot {name} stands in a link, where a name could lead anywhere", "write a fixed address"
                )
        elif trouble := link_trouble(value, self._is_reserved):
            self.note(*trouble)

    def handle_data(self, data: str) -> None:
        if left := placeholder(data):
            self.note(f"{left!r} was to be replaced", "write your own text")

    def handle_comment(self, data: str) -> None:
        if MARKED.search(data):
            self.note("a slot stands in an HTML comment", "use {# ... #} for comments")

    def handle_decl(self, decl: str) -> None:
        self.note("a declaration stands in a block", "take <!...> away")

    def handle_pi(self, data: str) -> None:
        self.note("a processing instruction stands in a block", "take <?...> away")

    def unknown_decl(self, data: str) -> None:
        self.note("a declaration stands in a block", "take <![...]> away")
