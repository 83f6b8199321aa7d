"""Base32 as addresses and Message-IDs have it."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.adapters import base32


@given(st.binary(max_size=80))
def test_it_is_that_of_the_standard_library_without_padding_in_lower_case(raw: bytes) -> None:
    assert base32.encode(raw) == base64.b32encode(raw).rstrip(b"=").decode().lower()
    assert base32.decode(base32.encode(raw)) == base32.decode(base32.encode(raw).upper()) == raw


@pytest.mark.parametrize("text", ["a1", "a", "äb", "ab-"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises((binascii.Error, ValueError)):
        base32.decode(text)
