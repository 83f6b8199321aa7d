from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.tokens import LinkTokens, Purpose
from relance.errors import InvalidInput
from tests.support.keys import ring

SECRET = ring("a key of at least thirty-two characters")
TOKENS = AttachmentTokens(SECRET)
OTHERS = AttachmentTokens(ring("another key of thirty-two characters...."))
KEYS = st.text([chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=255)
FILES = st.text(string.ascii_letters + ".-_é", min_size=1, max_size=40)


@given(KEYS, FILES)
def test_a_link_names_the_file_it_was_made_for_and_fits_into_an_address(key: str, filename: str) -> None:
    token = TOKENS.sign(key, filename)
    assert set(token) <= set(string.ascii_letters + string.digits + "._-")
    assert TOKENS.verify(token) == (key, filename)


@given(KEYS, FILES)
def test_a_link_signed_with_another_key_or_for_something_else_is_not_accepted(key: str, filename: str) -> None:
    links = LinkTokens(SECRET)
    for token in (OTHERS.sign(key, filename), *(links.sign(purpose, f"{key}\n{filename}") for purpose in Purpose)):
        with pytest.raises(InvalidInput):
            TOKENS.verify(token)
    with pytest.raises(InvalidInput):
        links.verify(Purpose.SUBMIT, TOKENS.sign(key, filename))


@given(KEYS, st.data())
def test_a_link_with_one_character_changed_is_not_accepted(key: str, data: st.DataObject) -> None:
    token = TOKENS.sign(key, "chart.png")
    at = data.draw(st.integers(0, len(token) - 1))
    changed = data.draw(st.characters().filter(lambda character: character != token[at]))
    with pytest.raises(InvalidInput):
        TOKENS.verify(token[:at] + changed + token[at + 1 :])


@given(st.text())
def test_anything_else_is_not_accepted(text: str) -> None:
    with pytest.raises(InvalidInput):
        TOKENS.verify(text)
