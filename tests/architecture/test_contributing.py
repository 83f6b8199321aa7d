"""The map of CONTRIBUTING.md leads to what exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.architecture.sources import ROOT

MAP = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where do I put ...?")[2].partition("\n## ")[0]
_, _, *ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", MAP, re.MULTILINE)
PATH = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+\.[a-z]+)?|[\w/-]+/[\w.-]+|[\w-]+\.[a-z]{2,})`")


def paths(text: str) -> Iterator[str]:
    """Yield the paths as patterns: `NAME` and `CHAPTER` stand for any, a name alone is beside the file before it."""
    folder = PurePosixPath()
    for found in PATH.findall(text):
        path = PurePosixPath(re.sub("NAME|CHAPTER", "*", found))
        if "/" in found:
            folder = path.parent
            yield str(path)
        else:
            yield str(folder / path)


def test_every_file_and_folder_of_the_map_exists() -> None:
    assert len(ROWS) > 12
    for what, places, shown in ROWS:
        named = list(paths(places))
        assert named, what
        assert not [path for path in [*named, *paths(shown)] if not list(ROOT.glob(path))], what


def test_every_row_names_what_shows_that_it_is_done() -> None:
    for what, _, shown in ROWS:
        assert re.search(r"`(tests/|make )", shown), what
