"""The messages of a file or a folder: an mbox, a Maildir, `.eml` files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from relance.cli.base.command import invalid

MOST_BYTES = 200_000_000
_FOLDERS = ("new", "cur")


def messages_of(path: Path) -> Iterator[bytes]:
    """Yield the messages, one at a time, in a stable order.

    Raises:
        InvalidInput: nothing is there, or it cannot be read.
    """
    try:
        if not path.exists():
            invalid("PATH", f"{path} does not exist", "name an mbox, a Maildir, or .eml files")
        for file in _files(path):
            yield from _of_file(file)
    except OSError as error:
        invalid("PATH", f"{error.filename or path} cannot be read ({error.strerror})", "check its permissions")


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if any((path / name).is_dir() for name in _FOLDERS):
        return [file for name in _FOLDERS for file in sorted((path / name).glob("*")) if file.is_file()]
    return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))


def _of_file(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        first = lines.readline(1_000_000)
        if not first.startswith(b"From "):
            # A mailbox that holds nothing is an empty file.
            if first:
                yield first + lines.read(MOST_BYTES)
            return
        # Line by line: an mbox may be larger than memory.
        message: list[bytes] = []
        after_blank = False
        for line in lines:
            if after_blank and line.startswith(b"From "):
                yield b"".join(message)
                message = []
            else:
                message.append(line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line)
            after_blank = line in {b"\n", b"\r\n"}
        yield b"".join(message)
