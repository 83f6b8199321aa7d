"""What arrived, counted where it arrives: the mails that the sink has kept, by recipient."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_RECIPIENT = re.compile(rb"^X-Rcpt-Args: <([^>]+)>")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Mails too few and too many."""

    lost: int
    duplicates: int

    @classmethod
    def of(cls, dump: Path, recipients: Iterable[str], wanted: int) -> Deliveries:
        """Count against so many mails for each recipient."""
        found = arrived(dump)
        missing = [wanted - found[recipient] for recipient in recipients]
        return cls(lost=sum(n for n in missing if n > 0), duplicates=-sum(n for n in missing if n < 0))


@contextmanager
def place() -> Iterator[Path]:
    """Make a temporary folder and in it another for the sink; yield the file there that is to take the mails.

    PostgreSQL and the sink have users of their own, who must get to their files.
    """
    with tempfile.TemporaryDirectory(prefix="relance-peers-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        kept = folder / "sink"
        kept.mkdir()
        kept.chmod(0o777)
        yield kept / "mails"


def arrived(dump: Path) -> Counter[str]:
    """Return how many mails each recipient has got."""
    found: Counter[str] = Counter()
    if not dump.exists():
        return found
    with dump.open("rb") as lines:
        for line in lines:
            match = _RECIPIENT.match(line)
            if match:
                found[match[1].decode()] += 1
    return found
