from __future__ import annotations

import pytest

from relance.domain.mail.providers import LIMITS, OTHER, provider_of


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("gmail.com", "google"),
        ("googlemail.com", "google"),
        ("outlook.com", "microsoft"),
        ("outlook.fr", "microsoft"),
        ("hotmail.co.uk", "microsoft"),
        ("live.com", "microsoft"),
        ("live.fr", "microsoft"),
        ("msn.com", "microsoft"),
        ("yahoo.com", "yahoo"),
        ("yahoo.fr", "yahoo"),
        ("yahoo.com.br", "yahoo"),
        ("ymail.com", "yahoo"),
        ("aol.com", "yahoo"),
        ("orange.fr", "orange"),
        ("wanadoo.fr", "orange"),
        ("free.fr", "free"),
        ("laposte.net", "laposte"),
        ("sfr.fr", "sfr"),
        ("neuf.fr", "sfr"),
        ("gmx.de", "gmx"),
        ("gmx.net", "gmx"),
        ("web.de", "gmx"),
        ("icloud.com", "apple"),
        ("me.com", "apple"),
        ("mac.com", "apple"),
    ],
)
def test_the_large_providers_are_known_by_all_their_domains(domain: str, name: str) -> None:
    provider = provider_of(domain)
    assert (provider.name, provider.label) == (name, name)
    assert name in LIMITS


@pytest.mark.parametrize(
    "domain", ["dupont.example", "web.com", "mygmail.com", "gmail.com.evil.example", "live.nation.example", "free.com"]
)
def test_every_other_domain_is_a_provider_of_its_own_that_is_not_shown(domain: str) -> None:
    provider = provider_of(domain)
    assert (provider.name, provider.label) == (domain, OTHER)
