"""The production code as files and syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("relance", "workflows", "activities", "composition")


@cache
def modules() -> tuple[Path, ...]:
    """Return every module of the production code, relative to the repository."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return tuple(sorted(path.relative_to(ROOT) for path in [*found, ROOT / "worker.py", ROOT / "starter.py"]))


def classes(path: Path) -> Iterator[ast.ClassDef]:
    """Yield the classes of a module, also those within functions."""
    tree = ast.parse((ROOT / path).read_text())
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def is_protocol(node: ast.ClassDef) -> bool:
    """Tell whether a class is a port."""
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
