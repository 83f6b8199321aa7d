"""The corpus of replies, and the table of what is expected of each against what the code says.

`python -m tests.domain.failures.corpus` prints the table, each wrong row and where the replies come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from relance.domain.failures import Failure, FailureClass, Severity, Strategy, classify_smtp

PATH = Path(__file__).with_name("corpus.txt")

CLASSES = {
    "hard": FailureClass.HARD_RECIPIENT,
    "doubtful": FailureClass.HARD_RECIPIENT,
    "full": FailureClass.SOFT_RECIPIENT,
    "later": FailureClass.SOFT_RECIPIENT,
    "greylisted": FailureClass.THROTTLED,
    "slow": FailureClass.THROTTLED,
    "ours": FailureClass.SENDER_FAULT,
    "ours-later": FailureClass.SENDER_FAULT,
    "stop": FailureClass.SENDER_FAULT,
    "unclear": FailureClass.SENDER_FAULT,
    "content": FailureClass.CONTENT,
    "unsupported": FailureClass.UNSUPPORTED,
    "transport": FailureClass.TRANSPORT,
    "uncertain": FailureClass.UNCERTAIN,
}
"""The verdicts of the corpus.

- `hard`: the contact is bounced at once; `doubtful`: at the second time; `full`: after three cycles in a row;
  `later`: the mail is tried again.
- `greylisted`: tried again; `slow`: the provider is left alone, for the time behind it if there is one.
- `stop`: critical, the cycle stops at once; `ours`: high; `ours-later`: high, the mail is tried again;
  `unclear`: medium.
"""
ABOUT_US = {"greylisted", "slow", "ours", "ours-later", "stop"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One line of the corpus."""

    verdict: str
    code: int
    stage: str
    language: str
    source: str
    text: str

    @property
    def kind(self) -> str:
        """The verdict without its pause."""
        return self.verdict.split()[0]

    @property
    def found(self) -> Failure:
        """What the code says."""
        return classify_smtp(self.code, self.text, self.stage)


def replies() -> list[Reply]:
    """Return the corpus."""
    lines = PATH.read_text(encoding="utf-8").splitlines()
    return [_reply(line) for line in lines if line and not line.startswith("#")]


def _reply(line: str) -> Reply:
    verdict, code, stage, language, source, text = line.split(" | ", 5)
    text = text.replace(r"\n", "\n").replace(r"\t", "\t")
    return Reply(verdict, int(code), stage, language, source, text)


def verdict_of(failure: Failure) -> str:
    """Return a failure in the words of the corpus."""
    match failure.class_:
        case FailureClass.HARD_RECIPIENT:
            return "hard" if failure.strategy is Strategy.SUPPRESS_CONTACT else "doubtful"
        case FailureClass.SOFT_RECIPIENT:
            return "full" if failure.strikes else "later"
        case FailureClass.THROTTLED:
            return "greylisted" if failure.strategy is Strategy.RETRY_LATER else f"slow {_pause(failure.pause)}".strip()
        case FailureClass.SENDER_FAULT:
            return _of_fault(failure)
    return failure.class_.value


def _of_fault(failure: Failure) -> str:
    if failure.severity is Severity.CRITICAL:
        return "stop"
    if failure.severity is Severity.HIGH:
        return "ours-later" if failure.retryable else "ours"
    return "unclear"


def _pause(pause: timedelta | None) -> str:
    if pause is None:
        return ""
    minutes = int(pause / timedelta(minutes=1))
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h"


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Return the counts of expected (down) by found (across), a dot for none."""
    names = [name for name in CLASSES if any(name in pair for pair in rows)]
    counts = Counter(rows)
    wide = max(map(len, names)) + 1
    lines = ["expected \\ got".ljust(wide + 4) + "".join(name.rjust(wide) for name in names)]
    for expected in names:
        cells = (counts[expected, got] for got in names)
        lines.append(expected.ljust(wide + 4) + "".join((str(cell) if cell else ".").rjust(wide) for cell in cells))
    return "\n".join(lines)


def main() -> None:
    """Print the table, what is wrong, and where the replies come from."""
    corpus = replies()
    found = [(reply, verdict_of(reply.found)) for reply in corpus]
    print(table([(reply.kind, got.split()[0]) for reply, got in found]))
    wrong = [(reply, got) for reply, got in found if got != reply.verdict]
    harmful = [reply for reply, got in wrong if got == "hard" and reply.kind in ABOUT_US]
    print(f"\n{len(corpus)} replies, {len(wrong)} wrong, {len(harmful)} of them `hard` though about us")
    for reply, got in wrong:
        print(f"  expected {reply.verdict}, got {got}: {reply.code} {reply.text!r} at {reply.stage} ({reply.source})")
    for name, counts in (
        ("languages", Counter(reply.language for reply in corpus)),
        ("stages", Counter(reply.stage for reply in corpus)),
        ("sources", Counter(reply.source.split(",")[0].split(":")[0].split()[0] for reply in corpus)),
    ):
        print(f"{name}: {', '.join(f'{key} {count}' for key, count in counts.most_common())}")


if __name__ == "__main__":
    main()
