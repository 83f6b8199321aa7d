"""Messages that come back, each with its source: collections of `=== name`, header lines for us, then the message."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
_ENTRY = re.compile(r"^=== (\w+)\n", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{([a-zA-Z]+)\}\}")
BIG = 10_000_000


@dataclass(frozen=True, slots=True)
class CorpusEntry:
    """One message: `kind` and `outcome` are what a person who knows mail says it is, `contact` whom it is about.

    `contact` is `a` (the recipient of the mail of ours), `u` (the same with letters outside ASCII) or `-` (nobody).
    """

    name: str
    source: str
    kind: str
    outcome: str
    contact: str
    recipient: str
    sender: str
    template: str

    def raw(self, values: Mapping[str, str]) -> bytes:
        """Return the message as it comes in, with tokens and addresses filled in."""
        return _encoded(_filled(self.template, values))

    def envelope(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return the envelope's sender and recipient."""
        return _filled(self.sender, values), _filled(self.recipient, values)


def entries() -> list[CorpusEntry]:
    """Return all messages, in the order of the files."""
    return [entry for path in sorted(FOLDER.glob("*.txt")) for entry in _entries(path.read_text())]


def _entries(text: str) -> list[CorpusEntry]:
    pieces = _ENTRY.split(text)[1:]
    return [_entry(name, body) for name, body in zip(pieces[::2], pieces[1::2], strict=True)]


def _entry(name: str, text: str) -> CorpusEntry:
    ours: dict[str, str] = {}
    lines = text.rstrip("\n").split("\n")
    rest = []
    in_head = True
    for line in lines:
        found = re.match(r"(source|expect|rcpt|sender): (.*)", line) if in_head else None
        in_head = in_head and line != ""
        if found:
            ours[found[1]] = found[2]
        else:
            rest.append(line)
    kind, outcome, contact = ours["expect"].split()
    return CorpusEntry(
        name=name,
        source=ours["source"],
        kind=kind,
        outcome=outcome,
        contact=contact,
        recipient=ours.get("rcpt", "{{bounce}}"),
        sender=ours.get("sender", ""),
        template="\n".join(rest) + "\n",
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _encoded(text: str) -> bytes:
    text = re.sub(r"\{\{b64(?::([\w-]+))?\}\}\n(.*?)\{\{/b64\}\}", _as_base64, text, flags=re.DOTALL)
    text = re.sub(
        r"\{\{bytes:([0-9a-f ]+)\}\}", lambda found: bytes.fromhex(found[1]).decode("utf-8", "surrogateescape"), text
    )
    raw = text.encode("utf-8", "surrogateescape")
    raw = raw.replace(b"{{boundaries}}", _boundaries())
    return raw.replace(b"{{big}}", (b"x" * 76 + b"\n") * (BIG // 77)).replace(b"\n", b"\r\n")


def _as_base64(found: re.Match[str]) -> str:
    return base64.encodebytes(found[2].encode(found[1] or "utf-8")).decode().rstrip("\n")


def _boundaries() -> bytes:
    head = b"".join(b'Content-Type: multipart/mixed; boundary="n%d"\n\n--n%d\n' % (n, n) for n in range(2_000))
    return head + b"line\n" * 50_000
