"""Who speaks in the chat, and our answers before they have a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from relance.domain.channels.messages import OutgoingMessage
from relance.domain.conversation import Intent, Misunderstood, Unclear
from relance.domain.failures import Severity
from relance.wording.conversation.languages import CHAT_WORDS


class Via(StrEnum):
    """Where people write to us."""

    CONSOLE = "console"
    SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who writes: under which name decisions are recorded, whether that person may decide, from where.

    `zone` is the known zone of the person's clock, `language` one we speak.
    """

    author: str
    may_decide: bool
    via: Via
    zone: str
    language: str


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What we answer: as a message of SPEC A4; `about` are the keys of the alerts it is about.

    `language` is that of an answer we have in one language only; empty means that of who asked.
    """

    title: str
    text: str
    rows: tuple[str, ...] = ()
    offer: str = ""
    about: tuple[str, ...] = ()
    severity: Severity = Severity.LOW
    language: str = ""

    def message(self, key: str, at: datetime, language: str) -> OutgoingMessage:
        """Return it as a message; `at` is in the zone whose clock is to be shown."""
        return OutgoingMessage(
            key=key,
            severity=self.severity,
            title=self.title,
            text=self.text,
            at=at,
            language=self.language or language,
            rows=self.rows,
            offer=self.offer,
            about=self.about,
        )


_SILENCE_TROUBLES = frozenset({Unclear.END, Unclear.PAST, Unclear.TOO_FAR, Unclear.REASON})


def apology(asked: Misunderstood, language: str) -> ChatReply:
    """Return why nothing was done, and what would be understood instead."""
    words = CHAT_WORDS[language]
    understood = words.asked[asked.intent].format(name="").strip() if asked.intent else ""
    rows = words.help
    if asked.trouble in _SILENCE_TROUBLES or asked.intent is Intent.SILENCE:
        rows = (words.silence_example,)
    elif asked.trouble in {Unclear.NEGATED, Unclear.REST} and understood:
        rows = (understood,)
    elif asked.trouble is Unclear.ADDRESS:
        rows = (words.why_example,)
    text = words.troubles[asked.trouble].format(asked=understood)
    return ChatReply(words.sorry_title, text, rows)
