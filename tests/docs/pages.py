"""The documents, and the shell commands in their code blocks."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

OPERATING = [
    ROOT / "docs" / name for name in ("operations.md", "incidents.md", "mails.md", "privacy.md", "tutorial.md")
]
"""Their commands are run too, see test_operating."""

_BLOCK = r"^ *```{}\n(.*?)^ *```$"
_LINK = re.compile(r"(?:\]\(|(?:src|href)=\")([^)\"#\s]+)")


@dataclass(frozen=True)
class Shell:
    """A command line: variables set for it, and its words."""

    variables: dict[str, str]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join([*(f"{name}={value}" for name, value in self.variables.items()), *self.words])


def blocks(page: Path, language: str, section: str = "") -> list[str]:
    """Return the texts of the code blocks of one language in a page, or in its section of that title, in order.

    Blocks of `sh` are commands to be tried one by one; those of `bash` are scripts that a test of their own runs.
    """
    text = page.read_text()
    if section:
        text = re.split(r"^#+ ", text.split(f"# {section}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(_BLOCK.format(language), text, flags=re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[Shell]:
    """Return the commands of a page's `sh` blocks, in order."""
    lines = "".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    return [parse(line) for line in lines if shlex.split(line, comments=True)]


def parse(line: str) -> Shell:
    """Return one line as a command."""
    words = shlex.split(line, comments=True)
    variables: dict[str, str] = {}
    while words and re.match(r"[A-Z_]+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    return Shell(variables, tuple(words))


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures, without those on other hosts."""
    targets: list[str] = _LINK.findall(page.read_text())
    return [target for target in targets if "://" not in target]
