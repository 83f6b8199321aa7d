"""The charts that go with messages about alerts: both windows of each partner that fell (SPEC A4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.channels.messages import Attachment
from relance.domain.zones import Window
from relance.ports import Attachments
from relance.rendering.charts import MOST_BARS, Chart, Pair, drawable, png
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import name
from relance.wording.alerts.words import Words

PAUSED_PARTNER_FILE = "paused-partner.png"

AddressOf: TypeAlias = Callable[[str, str], str | None]
"""Returns where people can see the file of a message, by its key and file name; None if nowhere."""


@dataclass(frozen=True, slots=True)
class AlertCharts:
    """`ports.Illustrator`: a PNG for Paused partner, whose figures are easier seen than read; none for other rules."""

    shown: Attachments
    address_of: AddressOf

    async def attachments(self, alerts: Sequence[AlertRecord], key: str, language: str) -> tuple[Attachment, ...]:
        """Return the chart of the message `key`; where it can be seen by a link, it is stored before the link is sent.

        Raises:
            DependencyUnavailable: the store cannot be reached.
        """
        chart = _chart(alerts, LANGUAGES[language])
        if chart is None:
            return ()
        url = self.address_of(key, PAUSED_PARTNER_FILE)
        attachment = Attachment(PAUSED_PARTNER_FILE, "image/png", await png(chart), url)
        if url is not None:
            await self.shown.store(key, [attachment])
        return (attachment,)


@dataclass(frozen=True, slots=True)
class _Fall:
    """One partner's drop, with everything that a chart needs to be known."""

    drop: Decimal
    earlier: Window
    later: Window
    pair: Pair


def _chart(alerts: Sequence[AlertRecord], words: Words) -> Chart | None:
    falls = [fall for alert in alerts if (fall := _fall(alert, words)) is not None]
    if not falls:
        return None
    # A chart compares one pair of windows; an alert that no later check saw again may still be about older ones.
    latest = max(falls, key=lambda fall: fall.later.end)
    pairs = [
        fall.pair
        for fall in sorted(falls, key=lambda fall: (-fall.drop, fall.pair.label))
        if (fall.earlier, fall.later) == (latest.earlier, latest.later)
    ]
    figures = words.figures
    title = words.chart_title
    if len(pairs) > MOST_BARS:
        title = words.chart_part.format(shown=MOST_BARS, count=figures.whole(len(pairs)))
    return Chart(title, figures.days_in_short(latest.earlier), figures.days_in_short(latest.later), pairs)


def _fall(alert: AlertRecord, words: Words) -> _Fall | None:
    found = alert.evidence
    if (
        alert.rule != Rule.PAUSED_PARTNER
        or found.value is None
        or found.baseline is None
        or found.current is None
        or found.currency is None
        or found.window is None
        or found.baseline_window is None
    ):
        return None
    earlier, later = (words.figures.money(amount, found.currency) for amount in (found.baseline, found.current))
    pair = Pair(_label(alert, words), found.baseline, found.current, earlier, later)
    return _Fall(found.value, found.baseline_window, found.window, pair)


def _label(alert: AlertRecord, words: Words) -> str:
    whole = name(words, alert)
    shown = drawable(whole)
    # A name in letters we cannot draw is still told apart from others, by its id.
    lost = any(letter.isalnum() and letter not in shown for letter in whole)
    return f"{shown} #{alert.subject}".strip() if lost else shown
