"""What code and tests quote as `SPEC C6` stands in `docs/requirements.md`."""

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


def test_a_quoted_requirement_can_be_looked_up() -> None:
    ids = set(re.findall(r"\*\*([A-Z]\d+)\*\*|\b(I\d)\b", REQUIREMENTS))
    known = {name for pair in ids for name in pair if name} | set(
        re.findall(r"^## (\d+)\.", REQUIREMENTS, re.MULTILINE)
    )
    missing = {name: where for name, where in quoted().items() if name.removeprefix("section ") not in known}
    assert len(known) > 60
    assert not missing
