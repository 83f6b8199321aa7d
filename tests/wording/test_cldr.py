"""When Babel is imported: never where workflows run, and by commands only when they write a figure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imported_by(code: str) -> list[str]:
    """Return the modules of Babel that are imported once some code has run."""
    program = f"{code}\nimport json, sys; print(json.dumps([m for m in sys.modules if m.partition('.')[0] == 'babel']))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "import workflows.registry",
        "from relance.wording.summaries import counted; counted(1_000_000, 'user')",
        "import relance.wording.alerts.messages, relance.wording.reports.cycle, relance.wording.explain",
        "import relance.cli.app; relance.cli.app.build()",
    ],
)
def test_what_writes_no_figure_imports_no_babel(code: str) -> None:
    assert imported_by(code) == []


def test_the_first_figure_does() -> None:
    assert "babel.core" in imported_by("from relance.wording.alerts.figures import FRENCH; FRENCH.whole(1)")
