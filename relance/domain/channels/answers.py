"""The buttons of messages in chats: what each asks for, and how it names the alerts it is about (SPEC A5, K3)."""

from __future__ import annotations

from collections.abc import Mapping

from relance.domain.channels.messages import OutgoingMessage
from relance.domain.conversation import Intent

ANSWERS: Mapping[str, Intent] = {"relance-details": Intent.DETAILS, "relance-acknowledge": Intent.ACKNOWLEDGE}
"""What a button asks for, by the id that travels with it."""

LONGEST_VALUE = 2000
"""Characters that a button of Slack's carries (docs.slack.dev/reference/block-kit/block-elements/button-element)."""

_NAMES: Mapping[str, Mapping[Intent, str]] = {
    "en": {Intent.DETAILS: "Details", Intent.ACKNOWLEDGE: "Acknowledge"},
    "fr": {Intent.DETAILS: "Détails", Intent.ACKNOWLEDGE: "Je m’en occupe"},
}


def buttons(message: OutgoingMessage) -> list[tuple[str, str, str]]:
    """Return (id, name, value) of the buttons of a message; none where its alerts are too many for one."""
    value = " ".join(message.about)
    if not message.offer or not message.about or len(value) > LONGEST_VALUE:
        return []
    names = _NAMES[message.language]
    return [(action, names[intent], value) for action, intent in ANSWERS.items()]


def keys_of(value: str) -> tuple[str, ...]:
    """Return the keys of the alerts that a button is about."""
    return tuple(value.split()) if len(value) <= LONGEST_VALUE else ()
