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
    return LANGUAGES[language].figures.counted(words.quiet, ran) if ran else words.quiet_without_runs


def _rows(digest: Digest, language: str) -> tuple[str, ...]:
    words, figures = DIGEST_WORDS[language], LANGUAGES[language].figures
    cycles = [_cycle(one, language) for one in digest.cycles]
    low = (
        [figures.counted(words.low, len(digest.low)), *(_low(alert, language) for alert in digest.low)]
        if digest.low
        else []
    )
    # Chats show the first ten rows: the figures come before the list.
    return (_alerts(digest.open_alerts, language), *_runs(digest, language), *cycles, *low)


def _alerts(counts: Mapping[Severity, int], language: str) -> str:
    words, figures = DIGEST_WORDS[language], LANGUAGES[language].figures
    if not counts:
        return words.no_alert
    found = [figures.counted(words.severities[severity], count) for severity, count in counts.items()]
    return figures.counted(words.open, sum(counts.values()), found=", ".join(found))


def _runs(digest: Digest, language: str) -> list[str]:
    words, figures, total = DIGEST_WORDS[language], LANGUAGES[language].figures, sum(digest.runs.values())
    if not total:
        return []
    found = [
        figures.counted(words.endings[ending], count, jobs=", ".join(sorted(digest.troubled.get(ending, {}))))
        for ending in RunEnding
        if (count := digest.runs.get(ending, 0))
    ]
    shown = ", ".join(found) if digest.troubled else words.all_ran
    return [figures.counted(words.runs, total, found=shown)]


def _cycle(mails: CycleMails, language: str) -> str:
    figures = LANGUAGES[language].figures
    blanks = {name: figures.whole(getattr(mails, name)) for name in ("sent", "failed", "open")}
    return figures.counted(DIGEST_WORDS[language].cycle, mails.lately, period=mails.period, **blanks)


def _low(alert: AlertRecord, language: str) -> str:
    words = LANGUAGES[language]
    rule = words.rules.get(alert.rule) or alert.rule.replace("-", " ").capitalize()
    over = [] if alert.is_open else [DIGEST_WORDS[language].over]
    return " · ".join([rule, row(words, alert), *over])
