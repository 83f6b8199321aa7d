from __future__ import annotations

from dataclasses import replace

import pytest

from relance.domain.mail_templates.colours import DARK, LIGHT, contrast, low_contrasts


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    # The examples of WCAG's own technique G18, and of WebAIM's table.
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag_whichever_comes_first(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_our_own_colours_can_be_read_in_light_and_dark() -> None:
    assert list(low_contrasts(LIGHT)) == []
    assert list(low_contrasts(DARK)) == []


def test_the_least_contrast_of_small_text_is_that_of_wcag_aa() -> None:
    # 4.54 and 4.48 to 1 on white.
    for quiet, found in (("#767676", False), ("#777777", True)):
        pairs = {(low.text, low.behind) for low in low_contrasts(replace(LIGHT, quiet=quiet))}
        assert (("quiet", "card") in pairs) == found


def test_a_pale_button_is_found_with_its_figures() -> None:
    (low,) = [low for low in low_contrasts(replace(LIGHT, accent="#ffcc00")) if low.behind == "accent"]
    assert (low.text, low.least) == ("on_accent", 4.5)
    assert low.ratio == pytest.approx(1.5, abs=0.05)


def test_large_text_may_be_paler_than_small_text() -> None:
    # 3.5 to 1 on white.
    pale = replace(LIGHT, title="#8a8a8a", page="#000000")
    assert ("title", "card") not in {(low.text, low.behind) for low in low_contrasts(pale)}
