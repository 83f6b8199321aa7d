from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from relance.domain.breaker import Policy
from relance.domain.pacing import Manners
from relance.domain.providers import LIMITS, OTHERS, Limits
from relance.settings.pacing import Breaking, Pacing


def test_the_defaults_are_those_of_the_domain() -> None:
    assert Pacing().manners == Manners()
    assert Pacing().limits == LIMITS
    assert Pacing().connections == OTHERS.connections


def test_own_limits_replace_those_built_in_and_add_others() -> None:
    limits = Pacing(providers="google=20, orange=1:0.5,dupont.example=2").limits
    assert limits["google"] == Limits(20)
    assert limits["orange"] == Limits(1, 0.5)
    assert limits["dupont.example"] == Limits(2)
    assert limits["yahoo"] == LIMITS["yahoo"]


@pytest.mark.parametrize("text", ["google", "google=0", "google=five", "google=5:0", "google=5:-1", "=5", "google=5;"])
def test_a_limit_that_cannot_be_read_stops_the_start(text: str) -> None:
    with pytest.raises(ValidationError, match="is not like google=5"):
        Pacing(providers=text)


def test_what_is_called_seldom_has_a_window_of_its_own() -> None:
    breaking = Breaking(
        failures=7, window=timedelta(seconds=30), rare_failures=2, rare_window=timedelta(hours=1), probes=2
    )
    assert breaking.busy == Policy(failures=7, window=30.0, share=0.5, open_for=10.0, longest=120.0, probes=2)
    assert breaking.rare == Policy(failures=2, window=3600.0, share=0.5, open_for=10.0, longest=120.0, probes=2)
