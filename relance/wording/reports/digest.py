"""From a day's digest to the message people read (SPEC A2, A4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from relance.domain.alerts.model import AlertRecord
from relance.domain.channels.digest import CycleMails, Digest, RunEnding
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.failures import Severity
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import row
from relance.wording.alerts.sentences import moment
from relance.wording.reports.digest_words import DIGEST_WORDS


def digest_message(digest: Digest, *, key: str, at: datetime, language: str) -> OutgoingMessage:
    """Return the one message of a day; `at` is in the zone whose clock people read. A quiet day is one line."""
    words = DIGEST_WORDS[language]
    since = moment(LANGUAGES[language], digest.since, at)
    return OutgoingMessage(
        key=key,
        severity=Severity.LOW,
        title=words.title,
        text=_quiet(digest, language) if digest.is_quiet else words.text.format(since=since),
        at=at,
        language=language,
        rows=() if digest.is_quiet else _rows(digest, language),
    )


def _quiet(digest: Digest, language: str) -> str:
    words, ran = DIGEST_WORDS[language], digest.runs.get(RunEnding.RAN, 0)
    return words.quiet[ran != 1].format(count=_whole(ran, language)) if ran else words.quiet_without_runs


def _rows(digest: Digest, language: str) -> tuple[str, ...]:
    words = DIGEST_WORDS[language]
    cycles = [_cycle(one, language) for one in digest.cycles]
    heading = words.low[len(digest.low) != 1].format(count=_whole(len(digest.low), language))
    low = [heading, *(_low(alert, language) for alert in digest.low)] if digest.low else []
    # Chats show the first ten rows: the figures come before the list.
    return (_alerts(digest.open_alerts, language), *_runs(digest, language), *cycles, *low)


def _alerts(counts: Mapping[Severity, int], language: str) -> str:
    words = DIGEST_WORDS[language]
    if not counts:
        return words.no_alert
    found = [words.severities[one][count != 1].format(count=_whole(count, language)) for one, count in counts.items()]
    return words.open[sum(counts.values()) != 1].format(found=", ".join(found))


def _runs(digest: Digest, language: str) -> list[str]:
    words, total = DIGEST_WORDS[language], sum(digest.runs.values())
    if not total:
        return []
    found = [
        words.endings[ending].format(
            count=_whole(count, language), jobs=", ".join(sorted(digest.troubled.get(ending, {})))
        )
        for ending in RunEnding
        if (count := digest.runs.get(ending, 0))
    ]
    shown = ", ".join(found) if digest.troubled else words.all_ran
    return [words.runs[total != 1].format(count=_whole(total, language), found=shown)]


def _cycle(one: CycleMails, language: str) -> str:
    figures = {name: _whole(getattr(one, name), language) for name in ("sent", "lately", "failed", "open")}
    return DIGEST_WORDS[language].cycle.format(period=one.period, **figures)


def _low(alert: AlertRecord, language: str) -> str:
    words = LANGUAGES[language]
    rule = words.rules.get(alert.rule) or alert.rule.replace("-", " ").capitalize()
    over = [] if alert.is_open else [DIGEST_WORDS[language].over]
    return " · ".join([rule, row(words, alert), *over])


def _whole(count: int, language: str) -> str:
    return LANGUAGES[language].figures.whole(count)
