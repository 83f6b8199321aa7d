from __future__ import annotations

import pytest

from relance.domain.health.check_finding import FindingState
from relance.domain.mail_templates.links import link_trouble, placeholder
from relance.domain.mail_templates.slots import mark
from relance.domain.mail_templates.subject import subject_troubles


@pytest.mark.parametrize(
    "url", ["https://a.org", "https://a.org/b?utm_source=mail&c=d#e", "mailto:a@b.org", "https://é.fr/à"]
)
def test_links_of_ones_own_pages_stay_as_they_are(url: str) -> None:
    assert link_trouble(url, lambda _: False) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "#",
        "a.org",
        "//a.org",
        "https:///x",
        "https://a b.org",
        "https://u:p@a.org",
        "https://[",
        "mailto:x",
        "ftp://a",
    ],
)
def test_links_that_lead_nowhere_are_refused_with_a_remedy(url: str) -> None:
    trouble = link_trouble(url, lambda _: False)
    assert trouble is not None
    assert all(trouble)


def test_placeholders_are_found_within_words_alone() -> None:
    assert placeholder("call XXX") == "XXX"
    assert placeholder("[[name]]") == "[["
    assert placeholder("mastodon, XXL, photodocs") is None


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (f"{mark('sender')} invites you", None),
        (f"R&D of {mark('brand')}", None),
        (mark("sender"), FindingState.WRONG),
        ("", FindingState.WRONG),
        (" … ", None),
        ("Hello <b>you</b>", FindingState.WRONG),
        ("Tea &amp; cake", FindingState.WRONG),
        ("n" * 71, FindingState.WARNING),
        ("n" * 151, FindingState.WRONG),
        (f"{mark('sender')} {'n' * 60}", FindingState.WARNING),
    ],
)
def test_a_subject_is_short_plain_text_that_says_something(line: str, state: FindingState | None) -> None:
    assert [found for _, _, found in subject_troubles(line)] == ([] if state is None else [state])
