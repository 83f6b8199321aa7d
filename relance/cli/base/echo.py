"""What a person typed, said back to him: never more of it than helps to recognise it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar

LONGEST_ARGUMENT, SHOWN = 100, 60
LONGEST_SENTENCE = 2000

_typed: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())


def remember(arguments: Sequence[str]) -> None:
    """Note the command line of this run."""
    _typed.set(tuple(arguments))


def cut(sentence: str) -> str:
    """Return a sentence in which long arguments of the command line are cut short, and which has an end itself."""
    for argument in sorted(_typed.get(), key=len, reverse=True):
        for text in _forms(argument):
            if len(text) > LONGEST_ARGUMENT:
                sentence = sentence.replace(text, f"{text[:SHOWN]}… ({len(argument):,} characters)")
    return sentence if len(sentence) <= LONGEST_SENTENCE else f"{sentence[:LONGEST_SENTENCE]}…"


def _forms(argument: str) -> Iterator[str]:
    """Yield the forms in which an argument may stand in a sentence: as it was typed, quoted, on one line."""
    for text in (argument, argument.partition("=")[2]):
        yield from (text, repr(text)[1:-1], " ".join(text.split()), " ".join(text.split()).rstrip("."))
