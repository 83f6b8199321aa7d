"""The weekly noise report as a message (SPEC A3); its words are those of `report noise`."""

from __future__ import annotations

from datetime import datetime

from relance.domain.alerts.noise import NoiseFigures, RuleNoise
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.failures import Severity
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.noise import NOISE_WORDS, noise_sentences, noise_title, suppressions

_SIGN = "🔊"


def noise_message(report: NoiseFigures, *, key: str, at: datetime, language: str) -> OutgoingMessage:
    """Return what the rules told people and what came of it, the most messages first."""
    days = max(round((report.end - report.start).total_seconds() / 86_400), 1)
    return OutgoingMessage(
        key=key,
        severity=Severity.LOW,
        title=f"{_SIGN} {noise_title(days, language)}",
        text=" ".join(noise_sentences(report, language)),
        at=at,
        language=language,
        rows=tuple(_row(rule, language) for rule in report.rules),
    )


def _row(rule: RuleNoise, language: str) -> str:
    _, alerts, sent, acted, unheeded, held_back, resolved = NOISE_WORDS[language].columns
    whole = LANGUAGES[language].figures.whole
    counts = {alerts: rule.alerts, sent: rule.sent, acted: rule.acted, unheeded: rule.unheeded, resolved: rule.resolved}
    parts = [f"{name} {whole(count)}" for name, count in counts.items()]
    quiet = suppressions(rule, language)
    return " · ".join([rule.rule, *parts, *([f"{held_back} {quiet}"] if quiet else [])])
