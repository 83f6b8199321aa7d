from __future__ import annotations

import pytest
from pydantic import ValidationError

from relance.settings.everflow import Everflow


@pytest.mark.parametrize("url", ["https://api.eflow.team", "https://api-eu.eflow.team/", "http://127.0.0.1:8080"])
def test_hosts_in_america_in_europe_and_on_this_machine_are_accepted(url: str) -> None:
    assert Everflow(base_url=url).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.eflow.team",
        "http://localhost.example",
        "https://api.eflow.team/v1",
        "https://user:secret@api.eflow.team",
        "https://",
        "ftp://127.0.0.1",
        "api.eflow.team",
    ],
)
def test_an_address_that_would_show_the_key_or_lead_astray_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Everflow(base_url=url)


@pytest.mark.parametrize(
    "change", [{"calls_at_once": 5}, {"timezone": "Mars/Olympus_Mons"}, {"currency": "eur"}, {"paused_drop": 100}]
)
def test_values_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Everflow.model_validate(change)


def test_an_empty_key_is_no_key() -> None:
    assert Everflow.model_validate({"api_key": ""}).api_key is None
