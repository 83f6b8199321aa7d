"""Reads the files of a folder of templates, bounded in number and size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.finding import TemplateFinding, meant
from relance.domain.mail_templates.slots import LANGUAGES

BRAND_FILE: Final = "brand.toml"
SHARED_FILES: Final = tuple(f"{language}.html" for language in LANGUAGES)
MAIL_FILES: Final = tuple(f"{kind}.{language}.html" for kind in MailKind for language in LANGUAGES)
KNOWN: Final = (BRAND_FILE, *SHARED_FILES, *MAIL_FILES)
PICTURES: Final = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp")
_IGNORED: Final = (".md", ".txt")
LARGEST, MOST_FILES = 128 * 1024, 100

# Controls but tab and line ends; what reorders or hides text; private use, with which slots are marked.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ue000-\uf8ff\ufffe\uffff"
    "\U000e0000-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class FolderContent:
    """The files: texts that are understood, pictures as bytes, and what could not be read."""

    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    findings: tuple[TemplateFinding, ...] = ()


def read_folder(folder: Path) -> FolderContent:
    """Read every file once; what is amiss with a file is a finding, and the others are read all the same."""
    texts: dict[str, str] = {}
    pictures: dict[str, bytes] = {}
    findings: list[TemplateFinding] = []
    try:
        # Kubernetes keeps the files of a volume behind links whose names begin with two dots.
        files = [file for file in sorted(folder.iterdir()) if not file.name.startswith(".")]
    except OSError as error:
        problem = f"the folder {folder} cannot be read ({error.strerror or type(error).__name__})"
        remedy = "create it, or see RELANCE_MAIL__TEMPLATES"
        return FolderContent(findings=(TemplateFinding(folder.name or str(folder), None, problem, remedy),))
    if len(files) > MOST_FILES:
        problem = f"the folder holds {len(files)} files"
        return FolderContent(findings=(TemplateFinding(folder.name, None, problem, f"keep at most {MOST_FILES}"),))
    for file in files:
        name = file.name
        if name in KNOWN:
            text, found = _text(file)
            findings += found
            if text is not None:
                texts[name] = text
        elif file.suffix.lower() in PICTURES:
            content, trouble = _bytes(file)
            findings += [trouble] if trouble else []
            if content is not None:
                pictures[name] = content
        elif file.suffix.lower() not in _IGNORED:
            findings.append(TemplateFinding(name, None, "nothing reads this file", meant(name, KNOWN)))
    return FolderContent(texts, pictures, tuple(findings))


def _bytes(file: Path) -> tuple[bytes | None, TemplateFinding | None]:
    if file.exists() and not file.is_file():
        # To open a pipe waits for a writer, without end.
        return None, TemplateFinding(file.name, None, "this is no regular file", "put a file in its place")
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or type(error).__name__})"
        return None, TemplateFinding(file.name, None, problem, "let the worker's user read it")
    if len(content) > LARGEST:
        problem = f"the file is larger than {LARGEST // 1024} KiB"
        return None, TemplateFinding(file.name, None, problem, "make it smaller")
    return content, None


def _text(file: Path) -> tuple[str | None, list[TemplateFinding]]:
    content, trouble = _bytes(file)
    if content is None:
        return None, [trouble] if trouble else []
    try:
        # The mark at the beginning is written by some editors, and means nothing in UTF-8.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [TemplateFinding(file.name, line, "the text is not in UTF-8", "save the file as UTF-8")]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, list(_forbidden(file.name, text))


def _forbidden(name: str, text: str) -> Iterator[TemplateFinding]:
    for number, line in enumerate(text.split("\n"), start=1):
        if found := _FORBIDDEN.search(line):
            problem = f"the character U+{ord(found[0]):04X} is invisible, or reorders what is read"
            yield TemplateFinding(name, number, problem, "take it away; it often comes with copied text")
