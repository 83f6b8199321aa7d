"""What is kept of a person's message: what was understood, never the words (SPEC section 13)."""

from __future__ import annotations

from datetime import UTC, datetime

from relance.domain.conversation import Intent, Misunderstood, Request
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.sentences import moment
from relance.wording.conversation.languages import CHAT_WORDS


def when(instant: datetime, at: datetime, language: str) -> str:
    """Return an instant on the clock of `at`, the day where it is another, and UTC."""
    words, utc = CHAT_WORDS[language], instant.astimezone(UTC)
    same_day = instant.astimezone(at.tzinfo).date() == utc.date()
    return words.utc.format(
        time=moment(LANGUAGES[language], instant, at), utc=f"{utc:%H:%M}" if same_day else f"{utc:%Y-%m-%d %H:%M}"
    )


def kept(asked: Request | Misunderstood, at: datetime, language: str) -> str:
    """Return what a person's message is kept as."""
    words = CHAT_WORDS[language]
    if isinstance(asked, Misunderstood):
        # Of a silence that was not understood the reason is not kept either.
        return f"… {words.asked[asked.intent].format(name='').strip()} …" if asked.intent else words.not_kept
    name = asked.name.text if asked.name else ""
    if asked.intent is Intent.SILENCE and asked.until is not None:
        until = when(asked.until, at, language)
        return words.asked_silence.format(name=name, until=until, reason=asked.reason).replace("  ", " ")
    return words.asked[asked.intent].format(name=name).strip()
