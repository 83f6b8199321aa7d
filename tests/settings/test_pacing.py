from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from relance.domain.mail.breaker import Policy
from relance.domain.mail.providers import LIMITS, OTHERS, ProviderLimits
from relance.domain.mail.rate_limit import RatePolicy
from relance.settings import Batches, Mongo, WorkerGroup
from relance.settings.error_gate import ErrorGateGroup
from relance.settings.everflow import Everflow as EverflowGroup
from relance.settings.group import SettingsGroup
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking, Pacing


def test_the_defaults_are_those_of_the_domain() -> None:
    assert Pacing().rate_policy == RatePolicy()
    assert Pacing().limits == LIMITS
    assert Pacing().connections == OTHERS.connections


def test_own_limits_replace_those_built_in_and_add_others() -> None:
    limits = Pacing(providers="google=20, orange=1:0.5,dupont.example=2").limits
    assert limits["google"] == ProviderLimits(20)
    assert limits["orange"] == ProviderLimits(1, 0.5)
    assert limits["dupont.example"] == ProviderLimits(2)
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


SCOPES = ("installation", "process", "provider", "connection", "single mail", "one mail", "of a cycle")
LIMITS_OF: dict[type[SettingsGroup], tuple[str, ...]] = {
    Pacing: tuple(name for name in Pacing.model_fields if name != "by_mx"),
    Breaking: ("failures", "rare_failures", "share", "probes"),
    MailGroup: ("connections", "messages_per_connection", "rate", "rate_per_domain"),
    ErrorGateGroup: ("canary", "size"),
    Batches: ("in_flight",),
    WorkerGroup: ("workflow_tasks", "activities", "cached_workflows", "woken_together"),
    Mongo: ("pool",),
    EverflowGroup: ("calls_at_once", "rate_window"),
}


@pytest.mark.parametrize(("group", "field"), [(group, one) for group, names in LIMITS_OF.items() for one in names])
def test_each_limit_says_whose_it_is(group: type[SettingsGroup], field: str) -> None:
    words = group.model_fields[field].description or ""
    assert any(scope in words for scope in SCOPES), words
