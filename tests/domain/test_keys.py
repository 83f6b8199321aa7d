from __future__ import annotations

import pytest

from relance.domain.keys import KeyCheck, KeyRegister, compare

REGISTER = KeyRegister({"s": ("a", "b", "c")}, {"s": ("b",)})


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (("c", "a"), KeyCheck("s")),
        (("a", "c", "b"), KeyCheck("s")),
        (("d", "a", "c"), KeyCheck("s", new=("d",))),
        (("a",), KeyCheck("s", missing=("c",))),
        (("d",), KeyCheck("s", missing=("a", "c"), new=("d",))),
        (("b", "a", "c"), KeyCheck("s", retired_first="b")),
    ],
)
def test_keys_are_compared_with_those_on_record(ours: tuple[str, ...], expected: KeyCheck) -> None:
    assert compare("s", ours, REGISTER) == expected


def test_only_a_missing_key_or_a_retired_first_one_stops_a_start() -> None:
    assert compare("s", ("d", "a", "c"), REGISTER).reason is None
    assert "s: lacks the key(s) with fingerprint a, c" in (compare("s", (), REGISTER).reason or "")
    assert "b, was retired" in (compare("s", ("b", "a", "c"), REGISTER).reason or "")


def test_a_new_installation_takes_any_keys() -> None:
    found = compare("s", ("x", "y"), KeyRegister())
    assert (found.reason, found.new) == (None, ("x", "y"))
