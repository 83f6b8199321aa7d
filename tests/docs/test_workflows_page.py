"""Every workflow that is served is described, with its states."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT
from workflows.registry import WORKFLOWS

PAGE = (ROOT / "docs" / "workflows.md").read_text()
SERVED = sorted({workflow.__name__ for served in WORKFLOWS.values() for workflow in served})
NUMBERS = {15: "Fifteen", 16: "Sixteen", 17: "Seventeen", 18: "Eighteen", 19: "Nineteen"}


def _sections() -> dict[str, str]:
    """Return the text below each heading, by the heading's anchor."""
    parts = re.split(r"^#{2,3} (.+)$", PAGE, flags=re.MULTILINE)[1:]
    anchors = (re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in parts[::2])
    return dict(zip(anchors, parts[1::2], strict=True))


@pytest.mark.parametrize("name", SERVED)
def test_a_workflow_has_a_row_and_behind_it_a_diagram_of_its_states(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if re.match(rf"\| \[[^\]]*\b{name}\b", line))
    anchor = re.search(r"\(#([\w-]+)\)", row)
    assert anchor is not None
    assert "```mermaid\nstateDiagram-v2" in _sections()[anchor[1]]


def test_the_page_counts_the_workflows_right() -> None:
    assert PAGE.splitlines()[2].startswith(f"{NUMBERS[len(SERVED)]} workflows")


def test_every_transition_in_a_diagram_of_states_can_be_read_as_one() -> None:
    for diagram in re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", PAGE, flags=re.DOTALL):
        for line in diagram.splitlines():
            assert re.fullmatch(
                r"    (?:(?:\w+|\[\*\]) --> (?:\w+|\[\*\])(?:: .+)?|state \"[^\"]+\" as \w+|\w+: .+)", line
            ), line
