"""Charts of the pages, from the statistics that commands and reports show as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from relance.console.charts import Bar, bars, spark
from relance.domain.alerts.model import AlertRecord
from relance.domain.health.status import PastLook
from relance.domain.invitations.effectiveness import Lift, Slice
from relance.domain.invitations.proportions import Proportion, wilson
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import row
from relance.wording.console.words import ConsoleWords


class ChartViews:
    """The charts in the words of one language."""

    def __init__(self, words: ConsoleWords) -> None:
        self._words = words

    def share_chart(self, slices: Sequence[Slice], kind: str, title: str) -> Markup:
        """Return the answers of each hour or weekday, with intervals."""
        return bars(title, [self._share(self._slice(part, kind), part.tally.answers) for part in slices])

    def lift_chart(self, lift: Lift, title: str, reminded: str, held_out: str) -> Markup:
        """Return the answers of those who were reminded against those who were held out."""
        return bars(title, [self._share(reminded, lift.reminded), self._share(held_out, lift.held_out, "quiet")])

    def day_chart(self, days: Sequence[Mapping[str, Any]], title: str) -> Markup:
        """Return how many findings a check would have had on each day of a backtest."""
        return bars(title, [self._day(day) for day in days])

    def spark(self, looks: Sequence[PastLook]) -> Markup:
        """Return the newest looks of a probe."""
        good = sum(look.grade.value == "good" for look in looks)
        return spark(looks, self._words("health.looks.of", good=good, all=len(looks)))

    def stored_row(self, finding: Mapping[str, Any]) -> str:
        """Return the line of a finding that was stored as plain data."""
        return row(LANGUAGES[self._words.language], AlertRecord.model_validate(finding))

    def _share(self, label: str, share: Proportion, shade: str = "key") -> Bar:
        interval, rate = wilson(share), share.rate or 0.0
        return Bar(
            label=label,
            value=rate,
            shown=f"{self._words.percent(rate)} ({self._words.number(share.of)})",
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            shade=shade,
        )

    def _slice(self, part: Slice, kind: str) -> str:
        if part.key is None:
            return self._words("effect.rest")
        return f"{part.key:02}:00" if kind == "hour" else self._words.weekday(part.key)

    def _day(self, day: Mapping[str, Any]) -> Bar:
        found = len(day["findings"])
        shown = self._words("desk.no_data") if day["no_data"] else self._words.number(found)
        label = self._words.day(date.fromisoformat(day["day"]), "EEE d MMM")
        return Bar(label=label, value=float(found), shown=shown, shade="bad" if found else "quiet")
