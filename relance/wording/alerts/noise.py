"""The words of the noise report, and what to do about a rule that is only noise (SPEC A3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.domain.alerts.model import AlertSuppression, Rule
from relance.domain.alerts.noise import NoiseFigures, RuleNoise
from relance.wording.alerts.figures import Forms
from relance.wording.alerts.languages import LANGUAGES

TRIED_ON_THE_PAST = frozenset({Rule.DEFAULT_LP, Rule.PAUSED_PARTNER})
"""The rules `backtest` knows."""


@dataclass(frozen=True, slots=True)
class NoiseWords:
    """What a noise report says, in one language."""

    title: Forms
    columns: tuple[str, ...]
    suppressions: Mapping[str, str]
    loudest: str
    loudest_columns: tuple[str, str]
    nothing: str
    calm: str
    noisy: str
    raise_it: str
    silence_it: str


_ENGLISH = NoiseWords(
    title=("Noise of the last day", "Noise of the last {count} days"),
    columns=("rule", "alerts", "told", "acted on", "unheeded", "not told, because", "resolved"),
    suppressions={
        AlertSuppression.UNCHANGED: "unchanged",
        AlertSuppression.ACKNOWLEDGED: "acknowledged",
        AlertSuppression.SILENCED: "silenced",
        AlertSuppression.INHIBITED: "explained by another alert",
        AlertSuppression.FLAPPING: "flapping",
        AlertSuppression.QUIET_HOURS: "quiet hours",
    },
    loudest="The loudest",
    loudest_columns=("key", "told"),
    nothing="There were no alerts in this time.",
    calm="No rule is noisy: people act on what they are told, or there is too little to judge by.",
    noisy="{rule} is noisy: {unheeded} of {alerts} alerts were told, and nobody acted on them.",
    raise_it="Raise its threshold; `starter.py backtest {rule} --from DAY --to DAY` shows what would have fired.",
    silence_it='Or silence it: starter.py alerts silence {rule} --for 1w --reason "..."',
)

_FRENCH = NoiseWords(
    title=("Bruit du dernier jour", "Bruit des {count} derniers jours"),
    columns=("règle", "alertes", "annoncées", "suivies d’effet", "sans suite", "tues, car", "résolues"),
    suppressions={
        AlertSuppression.UNCHANGED: "inchangées",
        AlertSuppression.ACKNOWLEDGED: "prises en charge",
        AlertSuppression.SILENCED: "mises en sourdine",
        AlertSuppression.INHIBITED: "expliquées par une autre alerte",
        AlertSuppression.FLAPPING: "instables",
        AlertSuppression.QUIET_HOURS: "heures calmes",
    },
    loudest="Les plus bruyantes",
    loudest_columns=("clé", "annoncée"),
    nothing="Il n’y a eu aucune alerte dans cette période.",
    calm="Aucune règle n’est bruyante\u00a0: les alertes sont suivies d’effet, ou il y en a trop peu pour juger.",
    noisy="{rule} est bruyante\u00a0: {unheeded} alertes sur {alerts} ont été annoncées et sont restées sans suite.",
    raise_it="Relevez son seuil\u00a0; `starter.py backtest {rule} --from JOUR --to JOUR` montre ce qui aurait été "
    "signalé.",
    silence_it='Ou faites-la taire\u00a0: starter.py alerts silence {rule} --for 1w --reason "..."',
)

NOISE_WORDS: Mapping[str, NoiseWords] = {"en": _ENGLISH, "fr": _FRENCH}


def noise_title(days: int, language: str) -> str:
    """Return the heading of a report over so many days."""
    return LANGUAGES[language].figures.counted(NOISE_WORDS[language].title, days)


def noise_sentences(report: NoiseFigures, language: str) -> list[str]:
    """Return what the report means, and the remedy for each noisy rule."""
    words = NOISE_WORDS[language]
    if not report.rules:
        return [words.nothing]
    return [noisy_sentence(rule, language) for rule in report.rules if rule.noisy] or [words.calm]


def noisy_sentence(rule: RuleNoise, language: str) -> str:
    """Return that a rule is noisy and what to do about it."""
    words, figures = NOISE_WORDS[language], LANGUAGES[language].figures
    found = words.noisy.format(rule=rule.rule, unheeded=figures.whole(rule.unheeded), alerts=figures.whole(rule.alerts))
    remedies = [words.raise_it] if rule.rule in TRIED_ON_THE_PAST else []
    return " ".join([found, *(remedy.format(rule=rule.rule) for remedy in (*remedies, words.silence_it))])


def suppressions(rule: RuleNoise, language: str) -> str:
    """Return why firings of a rule led to no message, the most frequent reason first."""
    words = NOISE_WORDS[language].suppressions
    ordered = sorted(rule.suppressed.items(), key=lambda item: (-item[1], item[0]))
    figures = LANGUAGES[language].figures
    return ", ".join(f"{words.get(reason, reason)}: {figures.whole(count)}" for reason, count in ordered)
