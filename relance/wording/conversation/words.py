"""The words of the chat in one language, as data; `english` and `french` fill it in.

Templates name their blanks (`author`, `until`, `name`, ...).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.domain.alerts.model import AlertEvent
from relance.domain.conversation import Intent, Unclear
from relance.domain.cycle.control import ControlState
from relance.wording.alerts.figures import Forms


@dataclass(frozen=True, slots=True)
class ChatWords:
    """Everything the chat says, in one language."""

    asked: Mapping[Intent, str]
    asked_silence: str
    silence_example: str
    why_example: str
    not_kept: str
    utc: str
    acknowledged_title: str
    acknowledged: Forms
    already: str
    over: str
    silenced_title: str
    silenced: str
    whole_rule: str
    critical: str
    several_rules: str
    too_long: str
    unsilenced_title: str
    unsilenced: str
    nothing_silenced: str
    wider: str
    sorry_title: str
    viewer: str
    left: str
    no_offer: str
    which: str
    no_alert: str
    unknown_name: str
    no_answer: str
    stored_first: str
    troubles: Mapping[Unclear, str]
    help_title: str
    help: tuple[str, ...]
    status_title: str
    cycle: Mapping[ControlState, str]
    counts: str
    to_go: Forms
    ended: str
    next_send: Forms
    no_cycle: str
    open_alerts: Forms
    why_title: str
    why_alert_title: str
    at_once: str
    gathered: str
    daily: str
    repeated: str
    escalated: str
    state: Mapping[str, str]
    events: Mapping[AlertEvent, str]
    suppressed: Mapping[str, str]
    by: str
