"""The manual is a site: every page is in its contents, every reference leads somewhere, and it can be searched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual")
    options = [
        "--quiet",
        "--fail-on-warning",
        "--nitpicky",
        "--builder",
        "html",
        "--doctree-dir",
        str(folder / "trees"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", str(folder / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


@pytest.mark.slow
def test_every_page_is_in_the_site(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages <= {path.stem for path in site.glob("*.html")}


def test_a_word_of_a_page_is_found(site: Path) -> None:
    index = (site / "searchindex.js").read_text()
    found = json.loads(index[index.index("{") : index.rindex("}") + 1])
    assert found["terms"]["rollback"]


def test_a_picture_of_a_flow_is_a_picture(site: Path) -> None:
    assert 'class="mermaid"' in (site / "architecture.html").read_text()
