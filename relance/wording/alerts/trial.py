"""A message that only shows that a channel leads somewhere: nobody is to do anything about it."""

from __future__ import annotations

from datetime import datetime

from relance.domain.channels.messages import OutgoingMessage
from relance.domain.failures import Severity

_TITLE = {"en": "Trial message: nothing is wrong", "fr": "Message d'essai : tout va bien"}
_TEXT = {
    "en": "{by} tried whether alerts arrive here, by the channel {channel}. There is nothing to do.",
    "fr": "{by} vérifie que les alertes arrivent ici, par le canal {channel}. Il n'y a rien à faire.",
}


def trial_message(channel: str, *, key: str, by: str, at: datetime, language: str) -> OutgoingMessage:
    """Return the message; `at` is in the zone whose clock is to be shown."""
    return OutgoingMessage(
        key=key,
        severity=Severity.LOW,
        title=_TITLE[language],
        text=_TEXT[language].format(by=by, channel=channel),
        at=at,
        language=language,
    )
