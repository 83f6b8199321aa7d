from __future__ import annotations

from datetime import timedelta

import pytest

from relance.domain.alerts.model import AlertSuppression
from relance.domain.alerts.noise import NoiseFigures, RuleNoise
from relance.wording.alerts.noise import NOISE_WORDS, noise_sentences, noise_title, suppressions
from tests.support.alerts import FIRED_AT

NO_BREAK = "\u00a0"


def a_rule(name: str = "default-lp", unheeded: int = 5) -> RuleNoise:
    return RuleNoise(name, 5, 9, 5 - unheeded, unheeded, {"unchanged": 1200, "silenced": 3}, 2)


def report(*rules: RuleNoise) -> NoiseFigures:
    return NoiseFigures(FIRED_AT, FIRED_AT + timedelta(7), rules, ())


def test_a_noisy_rule_is_named_with_its_remedies() -> None:
    [sentence] = noise_sentences(report(a_rule(), a_rule("paused-partner", unheeded=3)), "en")
    assert sentence.startswith("default-lp is noisy: 5 of 5 alerts were told, and nobody acted on them.")
    assert "starter.py backtest default-lp" in sentence
    assert "starter.py alerts silence default-lp --for 1w" in sentence


def test_only_rules_that_can_be_tried_on_the_past_are_sent_to_backtest() -> None:
    [sentence] = noise_sentences(report(a_rule("no-data")), "en")
    assert "backtest" not in sentence
    assert "alerts silence no-data" in sentence


def test_without_noise_and_without_alerts_that_is_said() -> None:
    assert noise_sentences(report(a_rule(unheeded=1)), "en") == [NOISE_WORDS["en"].calm]
    assert noise_sentences(report(), "fr") == [NOISE_WORDS["fr"].nothing]


def test_french_speaks_french_with_its_own_figures() -> None:
    [sentence] = noise_sentences(report(a_rule()), "fr")
    assert sentence.startswith(f"default-lp est bruyante{NO_BREAK}: 5 alertes sur 5")
    assert suppressions(a_rule(), "fr") == "inchangées: 1\u202f200, mises en sourdine: 3"


def test_the_title_counts_its_days() -> None:
    assert noise_title(1, "en") == "Noise of the last day"
    assert noise_title(7, "fr") == "Bruit des 7 derniers jours"


@pytest.mark.parametrize("language", NOISE_WORDS)
def test_every_language_has_words_for_every_suppression_and_as_many_columns(language: str) -> None:
    words = NOISE_WORDS[language]
    assert set(words.suppressions) == set(AlertSuppression)
    assert len(words.columns) == len(NOISE_WORDS["en"].columns)
