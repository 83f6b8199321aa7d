"""`report noise`: which rules send messages that nobody acts on (SPEC A3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.alerts.listing import READ
from relance.cli.alerts.view import keyed
from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.domain.alerts.noise import NoiseFigures, noise_report
from relance.wording.alerts.noise import NOISE_WORDS, noise_sentences, noise_title, suppressions


async def noise(
    run: Run, days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days back.")] = 7
) -> Answer:
    """Show per rule how often people were told, what they acted on, what was held back, and what to do about noise."""
    end = run.services.clock.now()
    start = end - timedelta(days=days)
    async with run.database() as database:
        alerts = await database.alerts.recent(start, limit=READ)
    report, language = noise_report(alerts, start, end), run.settings.alerts.language
    sentences = noise_sentences(report, language)
    parts = _tables(report, days, language)
    return Answer(_data(report, sentences), Group(*parts, Text("\n".join(sentences))))


def _data(report: NoiseFigures, sentences: list[str]) -> dict[str, Any]:
    return {
        "from": report.start,
        "to": report.end,
        "rules": [{**rule._asdict(), "noisy": rule.noisy} for rule in report.rules],
        "loudest": [{"key": key, "sent": sent} for key, sent in report.loudest],
        "sentences": sentences,
    }


def _tables(report: NoiseFigures, days: int, language: str) -> list[Any]:
    words = NOISE_WORDS[language]
    rows = [
        (
            rule.rule,
            rule.alerts,
            rule.sent,
            rule.acted,
            rule.unheeded,
            suppressions(rule, language) or None,
            rule.resolved,
        )
        for rule in report.rules
    ]
    parts = [table(noise_title(days, language), words.columns, rows)] if rows else []
    loudest = [(Text(key), sent) for key, sent in report.loudest]
    return parts + ([keyed(table(words.loudest, words.loudest_columns, loudest))] if loudest else [])
