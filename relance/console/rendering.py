"""Turns data into HTML, for an audience: all people who see the same."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from relance.console.chart_views import ChartViews
from relance.domain.alerts.model import AlertRecord
from relance.domain.console.people import Role, masked_address, masked_name
from relance.domain.console.story import StoryEvent
from relance.domain.cycle.report import FigureChange
from relance.domain.zones import zone_info
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import row
from relance.wording.console.words import WORDS, ConsoleWords
from relance.wording.reports.cycle import label, reason_label, shown_delta, shown_value
from relance.wording.reports.languages import REPORT_WORDS
from relance.wording.saying import said

CSRF_PLACE: Final = f"csrf-{secrets.token_hex(16)}"
"""Stands in rendered regions where each viewer gets the token of the own session; nobody can guess and write it."""
_COMMAND: Final = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who sees the same: language, zone and role."""

    language: str
    zone: str
    role: Role


@cache
def environment() -> Environment:
    """Return the environment of the templates: sandboxed, escaped, and strict about what is missing."""
    return SandboxedEnvironment(
        loader=PackageLoader("relance.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendered(template: str, audience: Audience, data: Mapping[str, Any], now: datetime) -> str:
    """Return a template with data; forms in it carry `CSRF_PLACE`."""
    view = View(audience, now)
    charts = ChartViews(view.words)
    return (
        environment()
        .get_template(template)
        .render(
            **data,
            t=TemplateWords(view.words),
            n=view.words.number,
            percent=view.words.percent,
            month=view.words.month,
            day=view.day,
            alert_rule=view.alert_rule,
            figure_label=view.figure_label,
            figure_value=view.figure_value,
            figure_delta=view.figure_delta,
            reason_label=view.reason_label,
            report_reason=view.report_reason,
            story_detail=view.story_detail,
            say=view.say,
            share_chart=charts.share_chart,
            lift_chart=charts.lift_chart,
            day_chart=charts.day_chart,
            spark=charts.spark,
            stored_row=charts.stored_row,
            alert_row=view.alert_row,
            duration=view.words.duration,
            when=view.when,
            clock=view.clock,
            address=view.address,
            name_of=view.name,
            audience=audience,
            decides=audience.role is Role.OPERATOR,
            csrf=Markup('<input type="hidden" name="csrf" value="{}">').format(CSRF_PLACE),
        )
    )


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """The words of a language as templates take them: commands in them look like commands."""

    words: ConsoleWords

    def __call__(self, key: str, **values: object) -> Markup | str:
        """Return a sentence; without commands it may stand in an attribute."""
        text = self.words(key, **values)
        return coded(text) if "`" in text else text

    def code(self, group: str, code: str) -> str:
        """Return the words for a code."""
        return self.words.code(group, code)


def coded(text: str) -> Markup:
    """Return a text in which what stands between backquotes is code."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


@dataclass(frozen=True, slots=True)
class View:
    """How instants and personal data look to an audience."""

    audience: Audience
    now: datetime

    @property
    def words(self) -> Any:
        """The words of the audience's language."""
        return WORDS[self.audience.language]

    def when(self, instant: datetime | None, *, seconds: bool = False) -> Markup | str:
        """Return an instant in the audience's zone, with UTC beside it; the day too, if it is another."""
        if instant is None:
            return "–"
        zone = zone_info(self.audience.zone)
        local, utc = instant.astimezone(zone), instant.astimezone(UTC)
        pattern = "%H:%M:%S" if seconds else "%H:%M"
        if not local.utcoffset():
            day = "" if utc.date() == self.now.date() else self._day(utc) + " "
            return Markup('<time datetime="{}">{}{} <small class="utc">UTC</small></time>').format(
                utc.isoformat(timespec="seconds"), day, utc.strftime(pattern)
            )
        day = "" if local.date() == self.now.astimezone(zone).date() else self._day(local) + " "
        utc_day = "" if utc.date() == local.date() else self._day(utc) + " "
        return Markup('<time datetime="{}">{}{} <small class="utc">{}{} UTC</small></time>').format(
            utc.isoformat(timespec="seconds"), day, local.strftime(pattern), utc_day, utc.strftime(pattern)
        )

    def clock(self, instant: datetime) -> Markup:
        """Return the time of day alone, in the audience's zone."""
        local = instant.astimezone(zone_info(self.audience.zone))
        return Markup('<time datetime="{}">{}</time>').format(
            instant.astimezone(UTC).isoformat(timespec="seconds"), local.strftime("%H:%M:%S")
        )

    def figure_label(self, figure: str) -> str:
        """Return what a figure of a cycle's report is called."""
        return label(figure, REPORT_WORDS[self.audience.language].cycle)

    def figure_value(self, figure: str, value: float) -> str:
        """Return a figure of a cycle's report with its unit."""
        return shown_value(figure, value, REPORT_WORDS[self.audience.language])

    def figure_delta(self, change: FigureChange) -> str:
        """Return by how much a figure of a cycle's report rose or fell."""
        return shown_delta(change, REPORT_WORDS[self.audience.language])

    def reason_label(self, code: str) -> str:
        """Return a recorded reason in few words."""
        return reason_label(code, REPORT_WORDS[self.audience.language].cycle)

    def report_reason(self, code: str) -> str:
        """Return why a check had no data; the code of another reason as it is, readable."""
        return LANGUAGES[self.audience.language].reasons.get(code) or code.replace("_", " ")

    def story_detail(self, event: StoryEvent) -> str:
        """Return the words for what is known besides of something that happened."""
        words = self.words
        if event.what == "report":
            about = [self.reason_label(event.failure) if event.failure else "", event.reply]
            known = ", ".join(filter(None, about))
            return str(words.code("report", event.detail)) + (f" ({known})" if known else "")
        if words.has(f"story.detail.{event.detail}"):
            return str(words(f"story.detail.{event.detail}"))
        if words.has(f"status.{event.detail}"):
            return str(words(f"status.{event.detail}"))
        return self.reason_label(event.detail)

    def say(self, text: str) -> Markup:
        """Return a sentence in the audience's language, or marked as English where we have it in English alone."""
        found = said(text, self.audience.language)
        # The name of a setting is of no language.
        if found is None and text.isupper():
            found = text
        return coded(found) if found is not None else Markup('<span lang="en">{}</span>').format(coded(text))

    def day(self, iso: str) -> str:
        """Return a day that is stored as text."""
        return str(self.words.day(date.fromisoformat(iso)))

    def alert_rule(self, alert: AlertRecord) -> str:
        """Return the name of an alert's rule."""
        return LANGUAGES[self.audience.language].rules.get(alert.rule, alert.rule)

    def alert_row(self, alert: AlertRecord) -> str:
        """Return what an alert is about, with its figures."""
        return row(LANGUAGES[self.audience.language], alert)

    def address(self, address: str) -> str:
        """Return an address, masked for viewers."""
        return address if self.audience.role is Role.OPERATOR else masked_address(address)

    def name(self, name: str) -> str:
        """Return a person's name, masked for viewers."""
        return name if self.audience.role is Role.OPERATOR else masked_name(name)

    def _day(self, local: datetime) -> str:
        year = self.now.astimezone(local.tzinfo).year
        words: str = self.words.day(local.date(), "d MMM" if local.year == year else "d MMM y")
        return words
