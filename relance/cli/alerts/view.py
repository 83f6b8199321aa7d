"""How alerts and silences look in tables; whatever came from outside is shown as it is, never as markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table
from rich.text import Text

from relance.cli.base.instants import local, local_and_utc
from relance.cli.base.output import table
from relance.domain.alerts.model import HISTORY_KEPT, AlertEvent, AlertRecord, AlertState
from relance.domain.alerts.suppression import Matcher, Silence
from relance.settings import Settings
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import row

SEEN = frozenset({AlertEvent.OPENED, AlertEvent.SEEN_AGAIN, AlertEvent.WORSENED})


@dataclass(frozen=True, slots=True)
class AlertFormatter:
    """In whose language and on whose clock alerts are shown."""

    language: str
    zone: str

    @classmethod
    def of(cls, settings: Settings) -> AlertFormatter:
        """Return those of the messages: what the table says is what the chat said."""
        return cls(settings.alerts.language, settings.alerts.zone)

    def what(self, alert: AlertRecord) -> Text:
        """Return the line of an alert, as the messages have it."""
        return Text(row(LANGUAGES[self.language], alert))

    def state(self, alert: AlertRecord) -> Text:
        """Return where an alert stands, by whom or until when."""
        if alert.state is AlertState.ACKNOWLEDGED and alert.acknowledged_by:
            return Text(f"acknowledged by {alert.acknowledged_by}")
        if alert.state is AlertState.SILENCED and alert.silenced_until is not None:
            return Text(f"silenced until {local(alert.silenced_until, self.zone)}")
        if alert.state is AlertState.RESOLVED and alert.resolved_at is not None:
            return Text(f"resolved {local(alert.resolved_at, self.zone)}")
        return Text(alert.state)

    def alerts(self, title: str, alerts: Sequence[AlertRecord]) -> Table:
        """Return a table with a line per alert."""
        columns = ("key", "severity", "state", "since", "what", "seen", "last seen")
        rows = [
            (
                Text(alert.key),
                alert.severity,
                self.state(alert),
                local(alert.fired_at, self.zone),
                self.what(alert),
                times_seen(alert),
                local(last_seen(alert), self.zone),
            )
            for alert in alerts
        ]
        return keyed(table(f"{title} (times in {self.zone})", columns, rows))

    def silences(self, silences: Sequence[Silence], title: str = "Silences that hold now") -> Table:
        """Return a table with a line per silence."""
        rows = [
            (
                Text(silence.id),
                Text(matcher_words(silence.matcher)),
                local_and_utc(silence.ends_at, self.zone),
                Text(silence.author),
                Text(silence.reason),
            )
            for silence in silences
        ]
        return keyed(table(title, ("id", "of what", "until", "by", "why"), rows))


def keyed(shown: Table) -> Table:
    """Return the table with the keys of its first column whole: they are there to be copied."""
    shown.columns[0].overflow = "fold"
    shown.columns[0].min_width = min(44, max((len(str(cell)) for cell in shown.columns[0].cells), default=0))
    return shown


def times_seen(alert: AlertRecord) -> str:
    """Return how often the condition was seen, as far as the history goes back."""
    seen = sum(entry.event in SEEN for entry in alert.history)
    return f"{max(1, seen)}+" if len(alert.history) >= HISTORY_KEPT else str(max(1, seen))


def last_seen(alert: AlertRecord) -> datetime:
    """Return when the condition was seen last."""
    return max((entry.at for entry in alert.history if entry.event in SEEN), default=alert.fired_at)


def matcher_words(matcher: Matcher) -> str:
    """Return which alerts are meant: `default-lp, subject 0.8.*, high`."""
    parts = [
        "any rule" if matcher.rule == "*" else matcher.rule,
        f"subject {matcher.subject}" if matcher.subject != "*" else "",
        f"severity {matcher.severity}" if matcher.severity else "",
    ]
    return ", ".join(filter(None, parts))
