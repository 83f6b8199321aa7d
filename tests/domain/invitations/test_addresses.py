from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.invitations import addresses
from relance.domain.invitations.addresses import domain_of, normalise, valid_address


@pytest.mark.parametrize(
    "text",
    [
        "anne@contacts.example",
        "anne.martin+form@contacts.example",
        "anne@example.test",
        "anne@somewhere.test",
        "o'brien@contacts.example",
        "zoé@contacts.example",
        "anne@münchen.example",
        "anne@xn--mnchen-3ya.example",
        "a" * 64 + "@contacts.example",
    ],
)
def test_ordinary_international_and_reserved_test_addresses_are_valid(text: str) -> None:
    assert valid_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "anne",
        "anne@",
        "@contacts.example",
        "anne@localhost",
        "anne@contacts.example\r\nBcc: all@contacts.example",
        "anne@contacts.example\n",
        "anne\r@contacts.example",
        "anne@contacts.example\0",
        "an\0ne@contacts.example",
        " anne@contacts.example",
        "anne@contacts.example ",
        "Anne <anne@contacts.example>",
        "<anne@contacts.example>",
        "anne(work)@contacts.example",
        '"anne martin"@contacts.example',
        "anne@[127.0.0.1]",
        "anne@contacts.example,bob@contacts.example",
        "anne..martin@contacts.example",
        "anne@contacts..example",
        "anne@-contacts.example",
        "anne@contacts.example.",
        "anne\u202e@contacts.example",
        "a" * 65 + "@contacts.example",
        "anne@" + "contacts." * 30 + "example",
        "x@" + "y" * 1_000_000,
    ],
    ids=lambda text: repr(text)[:40],
)
def test_what_mail_cannot_or_must_not_be_sent_to_is_invalid(text: str) -> None:
    assert not valid_address(text)


def test_what_is_too_long_for_an_address_is_not_kept_in_memory() -> None:
    before = addresses._parse.cache_info().currsize
    assert not valid_address("y" * 100_000 + "@contacts.example")
    assert addresses._parse.cache_info().currsize == before


@pytest.mark.parametrize(
    ("text", "normal", "domain"),
    [
        ("  Anne@Contacts.Example\n", "Anne@contacts.example", "contacts.example"),
        ("anne@MÜNCHEN.example", "anne@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("anne@xn--mnchen-3ya.example", "anne@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("zoe\u0301@contacts.example", "zo\u00e9@contacts.example", "contacts.example"),
        ("no address", "no address", ""),
        ("", "", ""),
        ("a b@C.Example", "a b@c.example", "c.example"),
    ],
)
def test_one_mailbox_has_one_normal_form(text: str, normal: str, domain: str) -> None:
    assert (normalise(text), domain_of(text)) == (normal, domain)


@given(st.one_of(st.text(max_size=40), st.emails(), st.emails().map(lambda text: f"  {text.upper()} ")))
def test_any_text_has_a_normal_form_that_stays_as_it_is(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal
    assert domain_of(text) == domain_of(normal)


@given(st.emails())
def test_the_normal_form_of_a_valid_address_is_valid_and_its_domain_is_ascii(text: str) -> None:
    if valid_address(text):
        assert valid_address(normalise(text))
        assert domain_of(text).isascii()


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), min_size=1, max_size=3))
def test_control_and_space_characters_never_pass(odd: str) -> None:
    assert not valid_address(f"anne{odd}@contacts.example")
    assert not valid_address(f"anne@contacts.example{odd}")


_PIECES = st.text('ab.Z9_+-@ \u00e9\n"', max_size=12) | st.sampled_from(["x.example", "xn--mnchen-3ya.de", "a" * 64])


@given(st.tuples(_PIECES, _PIECES, _PIECES).map(lambda parts: f"{parts[0]}{parts[1]}@{parts[2]}"))
def test_the_short_way_for_plain_addresses_agrees_with_the_library(text: str) -> None:
    try:
        found = validate_email(text, strict=True, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        assert not valid_address(text)
    else:
        assert normalise(text) == f"{found.local_part}@{found.ascii_domain}"
