"""What a mail as a whole must have, whatever blocks it is put together from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Final

from relance.domain.health.check_finding import FindingState
from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.finding import TemplateFinding
from relance.domain.mail_templates.slots import mark
from relance.domain.mail_templates.subject import subject_troubles
from relance.rendering.branding.model import Branding
from relance.rendering.drafts import Draft

CLIPPED: Final = 102 * 1024
"""Bytes of HTML after which Gmail hides the rest, and with it the unsubscribe link."""
_SLOTS_FILLED: Final = 2 * 1024
"""Bytes that slots take at most when they are filled: three links and a few names."""


def mail_findings(kind: MailKind, language: str, draft: Draft, branding: Branding) -> Iterator[TemplateFinding]:
    """Yield what is wrong with one mail in one language, its slots marked."""
    own = f"{kind}.{language}.html"
    file = own if own in branding.sources else f"{language}.html"
    for problem, remedy, state in subject_troubles(draft.subject_line):
        yield TemplateFinding(own, _line_of_subject(branding.sources.get(own, "")), problem, remedy, state)
    links = _Links(draft.html).found
    needed = {"unsubscribe_url": "unsubscribe or footer"} | (
        {} if kind is MailKind.CORRECTION else {"form_url": "button, action or body"}
    )
    for name, blocks in needed.items():
        texts = [text for href, text in links if href == mark(name)]
        if not texts:
            problem = f"the mail {kind} has no link to {name}"
            remedy = f'write <a href="{{{{ {name} }}}}">...</a> into the block {blocks}'
            yield TemplateFinding(file, None, problem, remedy)
        elif not any(text.strip() for text in texts):
            problem = f"the link to {name} of the mail {kind} has no words"
            yield TemplateFinding(file, None, problem, f"write them into the block {blocks}")
    if mark("sender") not in draft.html:
        problem = f"the mail {kind} does not say in whose name it comes"
        yield TemplateFinding(file, None, problem, "show {{ sender }} in title, body or reason")
    if not _says_something(draft.html):
        problem = f"the title of the mail {kind} is empty, and screen readers announce an empty heading"
        yield TemplateFinding(own, None, problem, "write a few words into the block title")
    size = len(draft.html.encode()) + _SLOTS_FILLED
    if size > CLIPPED:
        problem = f"the mail {kind} has {size // 1024} KiB of HTML, and Gmail hides what comes after 102"
        yield TemplateFinding(file, None, problem, "shorten it; the unsubscribe link stands at its end")
    elif size > CLIPPED // 2:
        problem = f"the mail {kind} has {size // 1024} KiB of HTML; Gmail hides what comes after 102"
        yield TemplateFinding(file, None, problem, "shorten it", FindingState.WARNING)
    if " ".join(branding.postal_address.split()) not in draft.text:
        problem = f"the mail {kind} does not show the postal address"
        yield TemplateFinding(file, None, problem, "show {{ postal_address }} in the block legal")


def _says_something(html: str) -> bool:
    title = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return title is not None and bool(unescape(re.sub(r"<[^>]*>", "", title[1])).strip())


def _line_of_subject(source: str) -> int | None:
    found = re.search(r"\{%[-+]?\s*block\s+subject\b", source)
    return source.count("\n", 0, found.start()) + 1 if found else None


class _Links(HTMLParser):
    """Collects (href, text) of every link."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._inside = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._inside = True
            self.found.append((dict(attrs).get("href") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            href, text = self.found[-1]
            self.found[-1] = (href, text + data)
