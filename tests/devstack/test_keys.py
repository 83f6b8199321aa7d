from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from relance.devstack.keys import MADE, keys_of
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY
from relance.settings.unfit import check_keys
from tests.support.keys import a_key, privacy_of


def test_a_stack_makes_keys_that_nobody_else_can_read_and_goes_on_with_them(tmp_path: Path) -> None:
    made = keys_of(tmp_path, {})
    check_keys(privacy_of(made))
    assert made[LINK_KEY] != made[SUPPRESSION_KEY]
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "keys").iterdir()} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert keys_of(tmp_path, {}) == made
    assert keys_of(tmp_path / "another", {}).items().isdisjoint(made.items())


def test_keys_that_are_given_win(tmp_path: Path) -> None:
    given = a_key()
    made = keys_of(tmp_path, {LINK_KEY: given})
    assert made[LINK_KEY] == given
    assert keys_of(tmp_path, {})[LINK_KEY] != given
    assert keys_of(tmp_path, {})[SUPPRESSION_KEY] == made[SUPPRESSION_KEY]


def test_two_that_begin_at_once_have_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: keys_of(tmp_path, {}), range(8)))
    assert all(one == found[0] for one in found)
    assert len(list((tmp_path / "keys").iterdir())) == len(MADE)
