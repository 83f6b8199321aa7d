"""The messages of the chat with the alerts they are about, as the page shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.channels.chat_message import ChatMessage
from relance.domain.failures import Severity
from relance.ids import alert_anchor, is_chat_answer

MOST_ALERTS = 200


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message, or with `message` None the alerts somebody came for.

    `anchor` is the place in the page to which links to the alert lead; it is on the newest message about it, which
    alone has buttons.
    """

    message: ChatMessage | None
    alerts: tuple[AlertRecord, ...]
    anchor: str = ""

    @classmethod
    def of_alerts(cls, alerts: Sequence[AlertRecord], anchor: str) -> Spoken:
        """Return alerts somebody came for."""
        return cls(None, tuple(alerts), anchor)

    @property
    def number(self) -> int:
        """What tells its elements from those of others; 0 for the alerts somebody came for."""
        return self.message.number if self.message is not None else 0

    @property
    def open_alerts(self) -> tuple[AlertRecord, ...]:
        """Those of its alerts that can be decided about."""
        return tuple(alert for alert in self.alerts if alert.is_open)

    @property
    def keys(self) -> str:
        """The keys of its alerts, as a form carries them."""
        return " ".join(self.message.about if self.message is not None else [alert.key for alert in self.alerts])

    @property
    def has_buttons(self) -> bool:
        """Whether it can be answered by buttons."""
        return bool(self.anchor and self.open_alerts)

    @property
    def can_be_acknowledged(self) -> bool:
        """Whether somebody may still take it on."""
        return any(alert.state is not AlertState.ACKNOWLEDGED for alert in self.open_alerts)

    @property
    def is_silenced(self) -> bool:
        """Whether a silence holds for one of its alerts."""
        return any(alert.state is AlertState.SILENCED for alert in self.open_alerts)

    @property
    def is_critical(self) -> bool:
        """Whether a silence of it has to name that."""
        return any(alert.severity is Severity.CRITICAL for alert in self.open_alerts)

    @property
    def state(self) -> AlertRecord | None:
        """The alert that says how it stands: one nobody looks after, or else the first."""
        waiting = [alert for alert in self.open_alerts if alert.state is AlertState.FIRING]
        return next(iter([*waiting, *self.open_alerts, *self.alerts]), None)


def keys_shown(messages: Sequence[ChatMessage]) -> list[str]:
    """Return the keys of the alerts whose state the page shows: of what can be answered, the newest first.

    In a storm a message is about hundreds of alerts, and an alert with a long history is 12 kB.
    """
    newest = [message for message in reversed(messages) if message.offer and not message.author]
    return list(dict.fromkeys(key for message in newest for key in message.about))[:MOST_ALERTS]


def spoken(
    messages: Sequence[ChatMessage], alerts: Mapping[str, AlertRecord], taken: Collection[str] = ()
) -> list[Spoken]:
    """Return messages with their alerts; places that are `taken` lead elsewhere."""
    anchors = _anchors(messages, alerts, taken)
    return [
        Spoken(
            message,
            tuple(alerts[key] for key in message.about if key in alerts),
            anchors.get(message.number, ""),
        )
        for message in messages
    ]


def _anchors(
    messages: Sequence[ChatMessage], alerts: Mapping[str, AlertRecord], taken: Collection[str]
) -> dict[int, str]:
    """Return the place of each message that has one: the newest about its alerts, an answer only if nothing else is."""
    found: dict[int, str] = {}
    used = set(taken)
    newest = [message for message in reversed(messages) if message.offer and not message.author]
    for message in sorted(newest, key=lambda each: is_chat_answer(each.key)):
        known = [alerts[key] for key in message.about if key in alerts]
        anchor = alert_anchor(known[0].key if len(message.about) == 1 else known[0].group) if known else ""
        if anchor and anchor not in used:
            used.add(anchor)
            found[message.number] = anchor
    return found
