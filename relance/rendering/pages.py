"""The pages behind the links in mails: no script, nothing from elsewhere, legible on a phone, dark and light."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Final

from markupsafe import Markup

from relance.domain.invitations.opt_outs import OptOutScope, OptOutStatus
from relance.domain.labels import name_of_person
from relance.domain.zones import zone_info
from relance.rendering.jinja_templates import template_of
from relance.rendering.page_words import WORDS, PageWords
from relance.wording.alerts.figures import ENGLISH, FRENCH

UNDO_PREFIX: Final = "undo-"
"""Before a scope it is the action that takes an opt-out of this scope back."""

_FIGURES = {"en": ENGLISH, "fr": FRENCH}
_ISOLATED = "\u2068{}\u2069"


@dataclass(frozen=True, slots=True)
class UnsubscribeView:
    """What the page of an unsubscribe link shows.

    undo: the opt-out that may be taken back, and until when. changed: whether a button of the page was just pressed.
    """

    language: str
    sender_name: str
    standing: OptOutStatus
    undo: tuple[OptOutScope, datetime] | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    paragraphs: Sequence[str]
    footer: str
    is_result: bool = False
    aside: str = ""


@dataclass(frozen=True, slots=True)
class _Choice:
    heading: str
    text: str
    button: str
    action: str
    is_second: bool = False


class PageWriter:
    """Writes pages for one sender; the template is compiled when it is made. Dates are of `zone`."""

    def __init__(self, brand: str, zone: str) -> None:
        self._brand = brand
        self._zone = zone_info(zone)
        self._style = (files("relance.rendering") / "templates" / "pages" / "style.css").read_text(encoding="utf-8")
        self._template = template_of("pages/page.html")

    @property
    def style_hash(self) -> str:
        """What a Content-Security-Policy names the style by, the only one a page has."""
        return "sha256-" + base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()

    def unsubscribe(self, view: UnsubscribeView) -> str:
        """Return the page of an unsubscribe link."""
        words, own = self._words(view), WORDS[view.language]
        title, text = {
            OptOutStatus.WRITTEN_TO: (own.undone_title, own.undone) if view.changed else (own.ask_title, own.ask),
            OptOutStatus.NOT_BY_SENDER: (own.sender_title, own.sender),
            OptOutStatus.BY_NOBODY: (own.everyone_title, own.everyone),
        }[view.standing]
        shown = _Words(
            title=title.format_map(words),
            paragraphs=[text.format_map(words)],
            footer=own.footer,
            is_result=view.changed or view.standing is not OptOutStatus.WRITTEN_TO,
        )
        return self._page(view.language, shown, self._choices(view, own, words))

    def unknown(self, language: str) -> str:
        """Return the page of every link that leads nowhere, whatever the reason."""
        own = WORDS[language]
        return self._page(language, _Words(own.unknown_title, own.unknown, own.footer), ())

    def refused(self, language: str, status: int) -> str:
        """Return the page of a request that was not carried out."""
        own = WORDS[language]
        return self._page(language, _Words(own.refused_title, [own.refused[status]], own.footer), ())

    def _words(self, view: UnsubscribeView) -> Mapping[str, str]:
        name = name_of_person(view.sender_name)
        day = view.undo[1].astimezone(self._zone).date() if view.undo else None
        return {
            "sender": _ISOLATED.format(name) if name else WORDS[view.language].anonymous,
            "brand": self._brand,
            "day": _FIGURES[view.language].day(day) if day else "",
        }

    def _choices(self, view: UnsubscribeView, own: PageWords, words: Mapping[str, str]) -> Sequence[_Choice]:
        wanted: list[tuple[tuple[str, str, str], str]] = []
        if view.undo is not None:
            wanted.append((own.undo, f"{UNDO_PREFIX}{view.undo[0]}"))
        if view.standing is OptOutStatus.WRITTEN_TO:
            wanted.append((own.stop_sender, OptOutScope.SENDER))
        if view.standing is not OptOutStatus.BY_NOBODY:
            wanted.append((own.stop_everyone, OptOutScope.EVERYONE))
        return [
            _Choice(heading, text.format_map(words), button, action, is_second=action != OptOutScope.SENDER)
            for (heading, text, button), action in wanted
        ]

    def _page(self, language: str, words: _Words, choices: Sequence[_Choice]) -> str:
        return self._template.render(
            language=language,
            brand=self._brand,
            # Ours, and without anything that HTML would read otherwise.
            style=Markup(self._style),  # noqa: S704
            words=words,
            choices=choices,
        )
