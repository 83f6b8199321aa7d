"""What the partner desk of the demo did: the messages as they read, and whether everything adds up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.panel import Panel
from rich.text import Text

from relance.cli.base.output import table
from relance.contracts.checks import CheckResult
from relance.domain.alerts.group import AlertCounts
from relance.domain.alerts.model import AlertEvent, AlertRecord
from relance.domain.channels.chat_message import ChatMessage

WIDTH = 100
DID_RUN = {"ran", "late"}


@dataclass(frozen=True, slots=True)
class DeskAccount:
    """The desk's ending.

    `first` are the checks of the morning that found something, `others` those after it; `counts` is what each group's
    workflow says it did; `inbox` is what we stored, `posted` are the keys in the log of the chat that got the same.
    """

    first: Sequence[CheckResult]
    others: Sequence[CheckResult]
    counts: Sequence[AlertCounts]
    alerts: Sequence[AlertRecord]
    inbox: Sequence[ChatMessage]
    posted: Sequence[str]

    @property
    def data(self) -> dict[str, dict[str, int]]:
        """The figures for machines; `delivered` are the alerts' messages that the chat itself has."""
        return {
            "alerts": {
                "fired": sum(figures.fired for figures in self.counts),
                "delivered": len(_of_alerts(self.posted)),
                "suppressed": sum(figures.suppressed for figures in self.counts),
                "resolved": sum(figures.resolved for figures in self.counts),
            },
            "checks": {result.check.replace("-", "_"): result.findings for result in self.first},
        }

    @property
    def problems(self) -> list[str]:
        """What does not add up, in words; nothing if all is well."""
        return list(self._problems())

    def view(self) -> RenderableType:
        """Return the messages in full, then the figures."""
        panels = [Constrain(Panel(Text(message.plain), expand=False), WIDTH) for message in self.inbox]
        figures = self.data["alerts"]
        rows: list[tuple[str, Any, str]] = [
            *((f"found by {result.check}", result.findings, f"in {result.rows} rows") for result in self.first),
            ("alerts fired", figures["fired"], "one per finding, however often it is seen"),
            ("messages delivered", figures["delivered"], "by the chat's own log, each once"),
            ("suppressed", figures["suppressed"], "the same check once more: seen, and not told again"),
            ("resolved", figures["resolved"], "the next morning, after a night in fast motion"),
        ]
        parts: list[RenderableType] = [Text("What the partner desk read", style="italic"), *panels]
        return Group(*parts, table("The partner desk", ("what", "count", "verdict"), rows), *map(Text, self.problems))

    def _problems(self) -> Iterator[str]:
        for check in (*self.first, *self.others):
            if check.state not in DID_RUN:
                yield f"{check.check} did not look: {check.reason or check.state}"
        if len(set(self.posted)) < len(self.posted):
            yield "a message is in the chat twice"
        posted = _of_alerts(self.posted)
        if set(posted) != set(_of_alerts(message.key for message in self.inbox)):
            yield "the chat and our inbox do not hold the same messages"
        if sum(figures.delivered for figures in self.counts) != len(posted):
            yield "the chat does not hold as many messages as the workflows say"
        notified = sum(any(entry.event is AlertEvent.SENT for entry in alert.history) for alert in self.alerts)
        if notified < sum(result.findings for result in self.first):
            yield "nobody was told of a finding"
        for alert in self.alerts:
            if alert.is_open:
                yield f"{alert.key} did not resolve"


def _of_alerts(keys: Iterable[str]) -> list[str]:
    """Leave out what else is told there: how the month's cycle ended, for one."""
    return [key for key in keys if key.startswith("alert/")]
