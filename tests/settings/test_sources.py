"""What stops a start: a name nobody reads, a value that cannot be used, a secret that would leak (SPEC section 10)."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from relance.errors import SettingsError
from relance.settings import Settings, load_settings
from relance.temporal.connection import target

Load = Callable[..., Settings]

SECRETS = {
    "RELANCE_MAIL__PASSWORD": "p\u00e4ss wort",
    "RELANCE_MONGO__PASSWORD": "a-password",
    "RELANCE_MONGO__URI": "mongodb://relance:s3cret@db.example/?replicaSet=rs0",
    "RELANCE_EVERFLOW__API_KEY": "everflow-key",
    "RELANCE_CHANNELS__SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
    "RELANCE_CHANNELS__SLACK_URL": "https://hooks.example/T0/B0/x",
    "RELANCE_CHANNELS__TEAMS_URL": "https://teams.example/x",
    "RELANCE_CHANNELS__WEBHOOK_URL": "https://receiver.example/x",
    "RELANCE_CHANNELS__WEBHOOK_SECRETS": f"whsec_{b64encode(bytes(range(32))).decode()}",
    "RELANCE_CHANNELS__RECIPIENTS": '{"slack:desk": "https://hooks.example.org/desk"}',
    "RELANCE_CHANNELS__APPRISE_URL": "json://receiver.example",
    "RELANCE_GATEWAY__SIGNING_SECRETS": f"whsec_{b64encode(bytes(range(32))).decode()}",
    "RELANCE_GATEWAY__API_KEYS": "an-api-key-of-at-least-thirty-two-chars",
    "RELANCE_CONSOLE__CLIENT_SECRET": "what the provider knows us by",
    "RELANCE_INTAKE__POSTMARK_AUTH": "relay:a-long-password",
    "RELANCE_INTAKE__MAILGUN_KEY": "a-webhook-signing-key-of-mailgun",
    "RELANCE_INTAKE__SENDGRID_KEY": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 88,
    "RELANCE_INTAKE__NEUTRAL_SECRETS": f"whsec_{b64encode(bytes(range(32))).decode()}",
    "RELANCE_WATCHDOG__DEADMAN_URL": "https://hc.example/ping",
    "RELANCE_PRIVACY__SUPPRESSION_KEY": "suppression-key-of-thirty-two-chars",
    "RELANCE_PRIVACY__LINK_KEY": "link-signing-key-of-thirty-two-chars",
    "RELANCE_PRIVACY__CODEC_KEY": "codec-key-of-at-least-thirty-two-chars",
    "RELANCE_GATEWAY__CODEC_TOKENS": "a-token-of-at-least-thirty-two-characters",
}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Load]:
    """Load the settings of a process with these variables alone, in an empty folder."""

    def loaded(dotenv: str = "", **variables: str) -> Settings:
        for name in [one for one in os.environ if one.upper().startswith(("RELANCE_", "TEMPORAL_"))]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "cwd").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / "cwd")
        (tmp_path / "cwd" / ".env").write_text(dotenv, encoding="utf-8")
        load_settings.cache_clear()
        return load_settings()

    yield loaded
    load_settings.cache_clear()


def _value(settings: Settings, name: str) -> str:
    group, field = name.removeprefix("RELANCE_").lower().split("__")
    value: Any = getattr(getattr(settings, group), field)
    assert isinstance(value, SecretStr)
    return value.get_secret_value()


def test_every_secret_may_be_a_file() -> None:
    fields = {
        f"RELANCE_{group.upper()}__{name.upper()}"
        for group, model in Settings.model_fields.items()
        for name, field in getattr(model.annotation, "model_fields", {}).items()
        if "SecretStr" in str(field.annotation)
    }
    assert fields == SECRETS.keys()


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_read_from_the_file_of_its_name(load: Load, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / name).write_text(SECRETS[name] + "\n", encoding="utf-8")
    # Kubernetes keeps the files behind such a folder.
    (folder / "..2026_11_05").mkdir()
    # Names that a password needs beside it.
    named = {one: "relance" for one in (name.replace("PASSWORD", "USERNAME"),) if one != name}
    more = named if name.endswith("__PASSWORD") else {}
    assert _value(load(RELANCE_SECRETS_DIR=str(folder), **more), name) == SECRETS[name]


def test_a_variable_counts_more_than_a_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "RELANCE_PRIVACY__LINK_KEY").write_text("a" * 32)
    settings = load(RELANCE_SECRETS_DIR=str(tmp_path), RELANCE_PRIVACY__LINK_KEY="b" * 32)
    assert settings.privacy.link_key == SecretStr("b" * 32)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("RELANCE_PRIVACY__LINK_KEi", b"x" * 32, "did you mean RELANCE_PRIVACY__LINK_KEY?"),
        ("password", b"x", "password in"),
        ("RELANCE_PRIVACY__LINK_KEY", b"\xff\xfe", "RELANCE_PRIVACY__LINK_KEY cannot be read (UnicodeDecodeError)"),
        ("RELANCE_PRIVACY__LINK_KEY", b"short-secret", "RELANCE_PRIVACY__LINK_KEY: "),
    ],
)
def test_a_file_nobody_reads_stops_the_start(load: Load, tmp_path: Path, name: str, content: bytes, words: str) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / name).write_bytes(content)
    with pytest.raises(SettingsError) as error:
        load(RELANCE_SECRETS_DIR=str(folder))
    assert words in str(error.value)
    assert "short-secret" not in str(error.value)


def test_a_folder_that_is_not_there_stops_the_start(load: Load, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RELANCE_SECRETS_DIR"):
        load(RELANCE_SECRETS_DIR=str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("RELANCE_MIAL__HOST", "x", "did you mean RELANCE_MAIL__HOST?"),
        ("RELANCE_MAIL_HOST", "x", "did you mean RELANCE_MAIL__HOST?"),
        ("RELANCE_MAIL__HSOT", "x", "did you mean RELANCE_MAIL__HOST?"),
        ("relance_mail__hots", "x", "did you mean RELANCE_MAIL__HOST?"),
        ("RELANCE_", "x", "no such setting"),
        ("RELANCE_MAIL", "not json", "mail"),
        ("RELANCE_SCHEDULING__CYCLE_CRON", "banana", "RELANCE_SCHEDULING__CYCLE_CRON: "),
        ("RELANCE_SCHEDULING__CYCLE_CRON", "0 6 L * *", "RELANCE_SCHEDULING__CYCLE_CRON: "),
        ("RELANCE_EVERFLOW__PAUSED_CRON", "a b c d e", "RELANCE_EVERFLOW__PAUSED_CRON: "),
        ("RELANCE_EVERFLOW__DEFAULT_LP_CRON", "0 9 30 2 *", "RELANCE_EVERFLOW__DEFAULT_LP_CRON: "),
        ("RELANCE_MAIL__SENDER_ADDRESS", "nonsense", "RELANCE_MAIL__SENDER_ADDRESS: "),
        ("RELANCE_MAIL__SENDER_ADDRESS", "A <a@example.org>", "RELANCE_MAIL__SENDER_ADDRESS: "),
        ("RELANCE_MAIL__SENDER_ADDRESS", "\u00e9@exemple.fr", "RELANCE_MAIL__SENDER_ADDRESS: "),
        ("RELANCE_CHANNELS__SLACK_URL", "hooks.example/s3cret", "RELANCE_CHANNELS__SLACK_URL: is no address"),
        ("RELANCE_WATCHDOG__DEADMAN_URL", "https://[s3cret", "RELANCE_WATCHDOG__DEADMAN_URL: is no address"),
        ("RELANCE_MAIL__REPLY_TO", "a@b@c", "RELANCE_MAIL__REPLY_TO: "),
        ("RELANCE_MAIL__BOUNCE_DOMAIN", "a@bounces.example", "RELANCE_MAIL__BOUNCE_DOMAIN: "),
        ("RELANCE_MAIL__MESSAGE_ID_DOMAIN", "no domain", "RELANCE_MAIL__MESSAGE_ID_DOMAIN: "),
        ("RELANCE_MAIL__SENDER_NAME", "Form\nBcc: x@y.example", "RELANCE_MAIL__SENDER_NAME: "),
        ("RELANCE_MAIL__SENDER_NAME", " ", "RELANCE_MAIL__SENDER_NAME: "),
        ("RELANCE_MAIL__HOST", "smtp://relay.example", "RELANCE_MAIL__HOST: "),
        ("RELANCE_MAIL__HOST", "relay.example:25", "RELANCE_MAIL__HOST: "),
        ("RELANCE_MAIL__LINK_BASE", "form.example", "RELANCE_MAIL__LINK_BASE: "),
        ("RELANCE_MAIL__LINK_BASE", "https://form.example/?a=b", "RELANCE_MAIL__LINK_BASE: "),
        ("RELANCE_MONGO__URI", "foo", "RELANCE_MONGO__URI: "),
        ("RELANCE_MONGO__URI", "mongodb://user:s3cret@host:port/", "RELANCE_MONGO__URI: "),
    ],
)
def test_a_wrong_name_or_value_stops_the_start_and_is_named(load: Load, name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(**{name: value})
    assert words in str(error.value)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("value", ["bonjour@exemple.fr", "o'neil@\u00e9xample.fr"])
def test_a_sender_that_mail_can_come_from_is_taken(load: Load, value: str) -> None:
    assert load(RELANCE_MAIL__SENDER_ADDRESS=value).mail.sender_address == value


def test_a_wrong_name_in_dotenv_stops_the_start(load: Load) -> None:
    with pytest.raises(SettingsError, match=r"RELANCE_MIAL__HOST in \.env"):
        load("RELANCE_MIAL__HOST=x\n")
    assert load("RELANCE_MAIL__HOST=relay.example\nOTHER=y\n").mail.host == "relay.example"


@pytest.mark.parametrize(
    ("host", "tls", "fine"),
    [
        ("relay.example", "none", False),
        ("192.0.2.9", "none", False),
        ("relay.example", "starttls", True),
        ("relay.example", "tls", True),
        ("127.0.0.1", "none", True),
        ("127.8.8.8", "none", True),
        ("localhost", "none", True),
        ("::1", "none", True),
        ("localhost.example", "none", False),
        ("0.0.0.0", "none", False),
    ],
)
def test_a_password_travels_only_encrypted_or_within_this_machine(load: Load, host: str, tls: str, fine: bool) -> None:
    login = {"RELANCE_MAIL__USERNAME": "relance", "RELANCE_MAIL__PASSWORD": "s3cret"}
    variables = {"RELANCE_MAIL__HOST": host, "RELANCE_MAIL__TLS": tls, **login}
    if fine:
        assert load(**variables).mail.password is not None
        return
    with pytest.raises(SettingsError, match=r"RELANCE_MAIL: .*unencrypted: set RELANCE_MAIL__TLS") as error:
        load(**variables)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("one", ["RELANCE_MAIL__USERNAME", "RELANCE_MAIL__PASSWORD"])
def test_half_a_login_stops_the_start(load: Load, one: str) -> None:
    with pytest.raises(SettingsError, match="belong together"):
        load(**{one: "relance"})


@pytest.mark.parametrize(
    "profile",
    ['[profile.default]\napi_key = "very-secret\n', "[profile.default]\napi_key = very-secret\n", "very-secret"],
)
def test_a_broken_profile_of_temporal_shows_nothing_of_its_lines(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str
) -> None:
    load()
    file = tmp_path / "temporal.toml"
    file.write_text(profile)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    with pytest.raises(SettingsError) as error:
        target()
    assert "very-secret" not in str(error.value)
    assert "line" in str(error.value)
    assert error.value.__cause__ is None
