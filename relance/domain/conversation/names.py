"""The ids in a message: of alerts, invitations, periods, users and contacts."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from relance.domain.alerts.model import Rule
from relance.domain.base import is_period
from relance.domain.conversation.model import Name, NameKind
from relance.domain.conversation.tokens import Token
from relance.domain.conversation.words import KINDS

_INVITATION = re.compile(r"[0-9]{4}-[0-9]{2}\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}")
_ALERT = re.compile(r"[a-z][a-z0-9-]{1,63}/\S{1,200}")
_ID = re.compile(r"(?=.*[0-9])[A-Za-z0-9_-]{1,64}")


def name_at(tokens: Sequence[Token], place: int, known: Collection[str] = ()) -> Name | None:
    """Return the id at a place; None if the word there is none. `known` are names of alerts and groups."""
    text = tokens[place].text
    if text in known or text in set(Rule) or _ALERT.fullmatch(text):
        return Name(NameKind.ALERT, text)
    if _INVITATION.fullmatch(text):
        return Name(NameKind.INVITATION, text)
    if is_period(text):
        return Name(NameKind.PERIOD, text)
    if _ID.fullmatch(text):
        return Name(KINDS.get(tokens[place - 1].folded, NameKind.ANY) if place else NameKind.ANY, text)
    return None
