"""The languages the chat speaks."""

from __future__ import annotations

from collections.abc import Mapping

from relance.wording.conversation.english import ENGLISH
from relance.wording.conversation.french import FRENCH
from relance.wording.conversation.words import ChatWords

CHAT_WORDS: Mapping[str, ChatWords] = {"en": ENGLISH, "fr": FRENCH}
"""The words by language."""
