"""Keys as settings: lists, what is refused when they are read, and what stops a start."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from relance.errors import SettingsError
from relance.settings.keyring import Keyring
from relance.settings.mail import MailGroup
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY, Privacy
from relance.settings.unfit import check_keys, check_names, is_reserved, unfit_names
from tests.support.keys import a_key, privacy

ONE, OTHER = "o" * 31 + "n", "o" * 31 + "t"
OURS = {
    "sender_address": "hello@form.fr",
    "bounce_domain": "bounces.form.fr",
    "message_id_domain": "form.fr",
    "link_base": "https://form.fr",
}


def test_one_key_is_a_list_of_one_and_several_are_separated_by_commas() -> None:
    assert privacy(links=ONE).link_keys.texts == (ONE,)
    assert privacy(links=f"{ONE},{OTHER}").link_keys.texts == (ONE, OTHER)
    assert privacy(suppression=f"{OTHER},{ONE}").suppression_keys.keys == (OTHER.encode(), ONE.encode())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("short", "the key has 5 characters"),
        (f"{ONE},short", "key 2 of 2 has 5 characters"),
        (f"{ONE},", "key 2 of 2 has 0 characters"),
        (f",{ONE}", "key 1 of 2 has 0 characters"),
        ("", "the key has 0 characters"),
        (f"{ONE}, {OTHER}", "key 2 of 2 holds a blank"),
        (f"{ONE}\n", "the key holds a blank"),
        (f"{ONE}\u00a0x", "the key holds a blank"),
        (f"{ONE}\x00", "control character"),
        (f"{ONE}\udcff", "control character"),
        (f"{ONE},{OTHER},{ONE}", "the same key twice"),
    ],
)
@pytest.mark.parametrize("field", ["suppression_key", "link_key"])
def test_what_is_no_list_of_keys_is_refused_without_quoting_it(field: str, text: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Privacy.model_validate({field: text})
    [problem] = caught.value.errors(include_url=False, include_input=False)
    assert problem["loc"] == (field,)
    assert reason in problem["msg"]
    assert ONE not in problem["msg"]


def test_without_a_key_settings_can_be_read_and_nothing_can_be_done_with_them() -> None:
    empty = Privacy()
    with pytest.raises(SettingsError, match=f"{LINK_KEY}: is not set"):
        _ = empty.link_keys.keys
    with pytest.raises(SettingsError, match=f"{SUPPRESSION_KEY}: is not set"):
        _ = empty.suppression_keys.fingerprints
    with pytest.raises(SettingsError) as caught:
        check_keys(empty)
    assert str(caught.value).count("secrets.token_urlsafe(32)") == 2


@pytest.mark.parametrize(
    "published",
    [
        "development-only-suppression-key-00000",
        "development-only-link-signing-key-000000",
        "Development-Only-another-one-000000000",
    ],
)
def test_a_key_that_was_published_is_refused_wherever_it_stands(published: str) -> None:
    for text in (published, f"{a_key()},{published}"):
        with pytest.raises(SettingsError, match=f"{LINK_KEY}: is published"):
            check_keys(privacy(links=text))
        with pytest.raises(SettingsError, match=f"{SUPPRESSION_KEY}: is published"):
            check_keys(privacy(suppression=text))
    check_keys(privacy())


def test_a_fingerprint_tells_keys_and_settings_apart_and_never_shows_a_key() -> None:
    ring = Keyring(LINK_KEY, (ONE, OTHER))
    assert len({*ring.fingerprints, *Keyring(SUPPRESSION_KEY, (ONE, OTHER)).fingerprints}) == 4
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in ring.fingerprints)
    assert ring.fingerprints[:1] == Keyring(LINK_KEY, (ONE,)).fingerprints
    assert ONE not in repr(ring) + repr(privacy(links=ONE))


@pytest.mark.parametrize(
    "host",
    ["form-a-friend.example", "EXAMPLE.", "a.b.test", "x.invalid", "localhost", "example.com", "mail.example.org",
     "example.net.", "127.0.0.1", "::1"],
)  # fmt: skip
def test_reserved_names_are_known(host: str) -> None:
    assert is_reserved(host)


@pytest.mark.parametrize("host", ["form.fr", "example.fr", "myexample.com", "test.de", "192.0.2.1", "attest", ""])
def test_other_names_are_not_taken_for_reserved_ones(host: str) -> None:
    assert not is_reserved(host)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender_address", "hello@form-a-friend.example"),
        ("reply_to", "answers@example.com"),
        ("bounce_domain", "bounces.form.test"),
        ("message_id_domain", "form.test"),
        ("link_base", "https://example.org/form"),
        ("link_base", "http://localhost:8000"),
    ],
)
def test_a_name_for_examples_stops_who_would_send(field: str, value: str) -> None:
    check_names(MailGroup.model_validate(OURS))
    mail = MailGroup.model_validate({**OURS, field: value})
    assert [one.setting for one in unfit_names(mail)] == [f"RELANCE_MAIL__{field.upper()}"]
    with pytest.raises(SettingsError, match=f"RELANCE_MAIL__{field.upper()}: "):
        check_names(mail)


def test_every_default_is_a_name_for_examples_and_a_rehearsal_may_use_them() -> None:
    assert len(unfit_names(MailGroup())) == 4
    assert unfit_names(MailGroup(rehearsal=True)) == []


def test_a_rehearsal_takes_a_relay_on_this_machine() -> None:
    with pytest.raises(ValidationError, match="rehearsal"):
        MailGroup(rehearsal=True, host="relay.form.fr")
    with pytest.raises(ValidationError, match="rehearsal"):
        MailGroup(rehearsal=True, host="mail")


def test_a_key_is_never_part_of_what_settings_show() -> None:
    held = Privacy(suppression_key=SecretStr(ONE), link_key=SecretStr(OTHER))
    assert ONE not in f"{held} {held!r} {held.model_dump()} {held.model_dump_json()}"
