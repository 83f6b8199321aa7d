"""What code and tests quote as `SPEC C6` stands in `docs/requirements.md`, and what stands there is done and shown."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT

REQUIREMENTS = (ROOT / "docs" / "requirements.md").read_text()
QUOTED = re.compile(r"SPEC ((?:section )?[A-Z]?\d+(?:(?:, | and )[A-Z]\d+)*)")


def quoted() -> dict[str, str]:
    """Return every id and section that a module quotes, with one module that does."""
    found: dict[str, str] = {}
    for folder in ("relance", "workflows", "activities", "composition", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for match in QUOTED.finditer(path.read_text()):
                for name in re.split(r", | and ", match[1]):
                    found[name] = str(path.relative_to(ROOT))
    return found


def ids() -> set[str]:
    """Return the ids of all requirements."""
    text = REQUIREMENTS.partition("## 17.")[0]
    return {name for pair in re.findall(r"\*\*([A-Z]\d+)\*\*|\b(I\d)\b", text) for name in pair if name}


def test_a_quoted_requirement_can_be_looked_up() -> None:
    known = ids() | set(re.findall(r"^## (\d+)\.", REQUIREMENTS, re.MULTILINE))
    missing = {name: where for name, where in quoted().items() if name.removeprefix("section ") not in known}
    assert len(known) > 60
    assert not missing


def test_each_requirement_has_its_code_and_a_test_that_shows_it() -> None:
    rows = re.findall(r"^\| ([A-Z]\d+) \| (.+) \| (.+) \|$", REQUIREMENTS.partition("## 17.")[2], re.MULTILINE)
    assert len(rows) == len({name for name, _, _ in rows})
    assert {name for name, _, _ in rows} == ids()
    for name, code, tests in rows:
        done, shown = re.findall(r"`([^`]+)`", code), re.findall(r"`([^`]+)`", tests)
        assert done
        assert shown
        assert not [path for path in [*done, *shown] if not (ROOT / path).exists()], name
        assert not any(path.startswith("tests/") for path in done), name
        assert all(re.fullmatch(r"tests/([a-z_]+/)*test_[a-z_]+\.py", path) for path in shown), name
