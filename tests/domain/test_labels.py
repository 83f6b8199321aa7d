"""Which names are shown in a mail, and which are content of somebody else's (hostile sign-ups write to strangers)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.labels import LONGEST_OF_PEOPLE, clean_name, name_of_person

PEOPLE = [
    *("Ines", "Jean-Pierre de La Tour", "J.R.R. Tolkien", "St. Mary", "Dr. Anna Weiss", "Dr.Anna", "Jean.Dupont"),
    *("O'Neil", "Ngô Đình", "李小龍", "Мария", "Ann & Bob", "Zoë (2)", "Mr. T.", "A.B.", "Anna...", "Ann @ home"),
    *("M.Dupont", "x" * 60),
]
CONTENT = [
    *("http://example.com", "See https://a.example/x?y", "ftp://x", "www.example.com", "WWW . example"),
    *("EXAMPLE.COM", "Example.Com", "example.casino", "BUY.CASINO", "t.me/prize", "bit.ly/abc", "xn--80ak6aa92e.com"),
    *("ann@example.com", "mailto:ann", "192.0.2.7/x", "example。com", "example．com", "win at example.com"),
    *("ｅｘａｍｐｌｅ．ｃｏｍ", "пример.рф", "münchen.de", "Ann example.co.uk", "a.b.c.shop"),
    "free money, call now, this is a long message to you all, read it",
]


@pytest.mark.parametrize("name", PEOPLE)
def test_a_name_of_a_person_is_shown(name: str) -> None:
    assert name_of_person(name) == name


@pytest.mark.parametrize("name", CONTENT)
def test_content_is_not(name: str) -> None:
    assert name_of_person(name) == ""


@given(st.text(max_size=400))
def test_what_is_shown_is_clean_and_short(name: str) -> None:
    shown = name_of_person(name)
    assert shown in {"", clean_name(name)}
    assert len(shown) <= LONGEST_OF_PEOPLE
    assert "://" not in shown
