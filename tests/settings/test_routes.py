"""What the file of the routes may hold, and what is said about the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relance.domain.failures import Severity
from relance.errors import SettingsError
from relance.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
HOOK = "https://hooks.example.com/services/T/B/topsecret"
RECIPIENTS = json.dumps({"slack:desk": HOOK, "slack:ops": f"{HOOK}2", "mail:duty": "duty@mail.example"})
GOOD = """
[[route]]
name = "desk"
rules = ["default-lp", "paused-partner"]
always = ["inbox"]
order = ["slack:desk", "mail:duty"]
quiet = "20:00-08:00"
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def loaded(text: str | None, **more: str) -> Settings:
        file = tmp_path / "routes.toml"
        if text is not None:
            file.write_text(text)
        monkeypatch.setenv("RELANCE_ALERTS__ROUTES_FILE", str(file))
        monkeypatch.setenv("RELANCE_CHANNELS__RECIPIENTS", RECIPIENTS)
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        load_settings.cache_clear()
        return load_settings()

    yield loaded
    load_settings.cache_clear()


def test_routes_come_before_the_channels_of_the_settings(load: Any) -> None:
    settings = load(GOOD, RELANCE_ALERTS__ZONE="Europe/Paris")
    desk, rest = settings.routes
    assert (desk.name, desk.order, str(desk.quiet)) == ("desk", ("slack:desk", "mail:duty"), "20:00-08:00 Europe/Paris")
    assert desk.severities == tuple(Severity)
    assert (rest.name, rest.always) == ("default", ("inbox",))
    assert settings.channel_names == ("inbox", "slack:desk", "mail:duty")
    assert "topsecret" not in repr(settings)


def test_without_a_file_everything_goes_to_the_channels_of_the_settings() -> None:
    assert [one.name for one in Settings().routes] == ["default"]


def test_recipients_may_come_from_a_file_of_the_secrets(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "RELANCE_CHANNELS__RECIPIENTS").write_text(RECIPIENTS)
    monkeypatch.delenv("RELANCE_CHANNELS__RECIPIENTS", raising=False)
    (tmp_path / "routes.toml").write_text(GOOD)
    monkeypatch.setenv("RELANCE_ALERTS__ROUTES_FILE", "routes.toml")
    monkeypatch.setenv("RELANCE_SECRETS_DIR", str(tmp_path / "secrets"))
    load_settings.cache_clear()
    assert load_settings().channels.address("slack:desk") == HOOK


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("slack:desk", "slack:nobody"), ["route desk", "slack:nobody", "recipients has no address"]),
        (("slack:desk", "pager"), ["route 1 (desk)", "no channel is called pager"]),
        (("slack:desk", HOOK), ["route 1 (desk)", "no channel is called by an address"]),
        (('"slack:desk"', '"slack"'), ["route desk", "slack_url is not set"]),
        (("default-lp", "default-pl"), ["route desk", "default-pl", "did you mean default-lp?"]),
        (("20:00-08:00", "20:00-08:00 Mars/Base"), ["route 1 (desk)", "quiet", "IANA"]),
        (("20:00-08:00", "8pm"), ["route 1 (desk)", "quiet", "22:00-07:00"]),
        (('name = "desk"', 'name = "Duty!"'), ["route 1 (Duty!)", "name"]),
        (('name = "desk"', ""), ["route 1", "name is missing"]),
        (('name = "desk"', 'name = "default"'), ["rename"]),
        (('name = "desk"', 'name = "desk"\nseverities = ["urgent"]'), ["severities", "critical"]),
        (('name = "desk"', 'name = "desk"\ncontinue = true'), ["continue", "one route only"]),
        (('name = "desk"', 'name = "desk"\nchannels = ["slack"]'), ["channels: there is no such field", "order"]),
        (('always = ["inbox"]', 'always = ["inbox", "inbox"]'), ["always names a channel twice"]),
        (("[[route]]", "[[routes]]"), ["routes", "[[route]]"]),
        (("[[route]]", "[[route"), ["no TOML", "line"]),
        (
            ("\n[[route]]", '\n[[route]]\nname = "all"\norder = ["slack:ops"]\n\n[[route]]'),
            ["route desk", "never used", "earlier route: all"],
        ),
        (("\n[[route]]", GOOD + "[[route]]"), ["two routes are called desk"]),
    ],
)
def test_what_could_not_work_is_refused_with_file_route_and_reason(
    load: Any, change: tuple[str, str], parts: list[str]
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(GOOD.replace(*change))
    said = str(refused.value)
    for part in ("RELANCE_ALERTS", "routes.toml", *parts):
        assert part in said, said
    assert "topsecret" not in said


def test_a_route_that_leads_nowhere_and_a_file_that_is_missing_are_refused(load: Any) -> None:
    with pytest.raises(SettingsError, match="leads nowhere"):
        load('[[route]]\nname = "x"\n')
    with pytest.raises(SettingsError, match=r"missing\.toml cannot be read"):
        load(None, RELANCE_ALERTS__ROUTES_FILE="missing.toml")


@pytest.mark.parametrize(
    ("recipients", "reason"),
    [
        ("slack:desk=https://x", "no JSON object"),
        ("[1]", "no JSON object"),
        ('{"slack": "https://x.example/topsecret"}', "names no recipient"),
        ('{"inbox:me": "x"}', "inbox has none"),
        ('{"pager:me": "https://x.example/topsecret"}', "no channel is called pager:me"),
        ('{"slack:A B": "https://x.example/topsecret"}', "small letters"),
        ('{"slack:desk": "topsecret"}', "begins like https"),
        ('{"slack:desk": 3}', "no address"),
        ('{"mail:duty": "topsecret"}', "no mail address"),
        ('{"mail:duty": "a@topsecret.example, b@topsecret.example"}', "further recipient"),
    ],
)
def test_recipients_that_could_not_be_written_to_are_refused_and_no_address_is_shown(
    load: Any, recipients: str, reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason) as refused:
        load(GOOD, RELANCE_CHANNELS__RECIPIENTS=recipients)
    assert "RELANCE_CHANNELS__RECIPIENTS" in str(refused.value)
    assert "topsecret" not in str(refused.value)


def test_the_example_in_the_repository_can_be_used(load: Any) -> None:
    example = (ROOT / "deploy" / "routes" / "example.toml").read_text()
    settings = load(example)
    assert len(settings.routes) >= 3
