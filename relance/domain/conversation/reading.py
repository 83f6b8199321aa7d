"""From what a person writes to what is asked for. What decides is never guessed (SPEC K3).

Beside a decision only names and words that change nothing may stand; a negation or a question turns it into nothing.
Questions to us are read generously: they change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.domain.alerts.suppression import LONGEST_REASON, LONGEST_SILENCE, SHORTEST_REASON
from relance.domain.conversation.ends import End, begins_end, find_end, whole_end
from relance.domain.conversation.model import DECIDING, Intent, Misunderstood, Name, NameKind, Request, Unclear
from relance.domain.conversation.names import name_at
from relance.domain.conversation.tokens import QUESTION, Token, cleaned, is_sign, tokens_of, words
from relance.domain.conversation.words import (
    CRITICAL,
    DOUBTS,
    FILLERS,
    MODALS,
    YES_WORDS,
    YOU,
    Phrase,
    intents,
    is_negation,
)

MOST_CHARACTERS = 1000
LONGEST_NO = 3
"""Words of a message that says no and nothing else."""
_STATED = {("is", "it"), ("is", "this"), ("est", "c")}
"""Beginnings of a reason: "this is planned"."""
_OR = words("to and or then et ou puis")
_BECAUSE = words("because reason raison car parce que as since puisque ?")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a person wrote; `names` are alerts and groups that may be meant."""

    text: str
    tokens: Sequence[Token]
    names: Collection[str]

    def name(self, place: int) -> Name | None:
        return name_at(self.tokens, place, self.names)

    def named(self, places: Iterable[int]) -> list[Name]:
        return list(dict.fromkeys(name for place in places if (name := self.name(place))))

    def denies(self, places: Iterable[int]) -> bool:
        return any(is_negation(self.tokens[place]) for place in places)

    def is_plain(self, places: Sequence[int]) -> bool:
        """Return whether words beside a decision change nothing of it."""
        return all(self._changes_nothing(place) for place in places)

    def _changes_nothing(self, place: int) -> bool:
        word = self.tokens[place].folded
        if word in MODALS:
            return any(token.folded in YOU for token in self.tokens[max(0, place - 1) : place + 2])
        return word in FILLERS or self.name(place) is not None


def read(text: str, *, now: datetime, zone: str, names: Collection[str] = ()) -> Request | Misunderstood:
    """Return what a text asks for, or why nothing is done with it.

    `zone` is the known zone whose clock the writer reads; `names` are alerts and groups that may be meant.
    """
    if len(text) > MOST_CHARACTERS:
        return Misunderstood(Unclear.TOO_MUCH)
    text = cleaned(text)
    said = _Said(text, tokens_of(text), names)
    found = intents(said.tokens)
    if any("@" in token.text for token in said.tokens):
        return Misunderstood(Unclear.ADDRESS, found[0].intent if found else None)
    # "Yes, silence it" asks for one thing.
    asked = [phrase for phrase in found if phrase.intent is not Intent.YES]
    if asked and asked[0].intent is Intent.SILENCE:
        return _silence(said, asked[0], find_end(said.tokens, now, zone), now)
    return _plain(said, found)


def silence_from(end: str, reason: str, *, critical: bool, now: datetime, zone: str) -> Request | Misunderstood:
    """Return the silence that the fields of a form describe, or why it is none."""
    if len(end) + len(reason) > MOST_CHARACTERS:
        return Misunderstood(Unclear.TOO_MUCH, Intent.SILENCE)
    why = cleaned(reason)
    until = whole_end(tokens_of(cleaned(end)), now, zone)
    if until is None:
        return Misunderstood(Unclear.END, Intent.SILENCE)
    trouble = Unclear.ADDRESS if "@" in why else _trouble(until, why, now)
    if trouble is not None:
        return Misunderstood(trouble, Intent.SILENCE)
    return Request(Intent.SILENCE, None, until, why, critical)


def _plain(said: _Said, found: Sequence[Phrase]) -> Request | Misunderstood:
    wanted = _wanted({phrase.intent for phrase in found})
    covered = {place for phrase in found for place in range(phrase.first, phrase.behind)}
    rest = [place for place in range(len(said.tokens)) if place not in covered]
    denied = said.denies(rest)
    if not wanted:
        return Request(Intent.NO) if denied and len(said.tokens) <= LONGEST_NO else Misunderstood(Unclear.UNKNOWN)
    intent = min(wanted, key=list(Intent).index)
    named = said.named(rest)
    trouble = None
    if len(wanted) > 1:
        trouble = Unclear.SEVERAL
    elif denied and intent is not Intent.WHY:
        trouble = Unclear.NEGATED
    elif len(named) > 1:
        trouble = Unclear.NAMES
    elif intent in DECIDING and not said.is_plain(rest):
        trouble = Unclear.REST
    if trouble is not None:
        return Misunderstood(trouble, intent if len(wanted) == 1 else None)
    return Request(intent, named[0] if named else None)


def _wanted(found: set[Intent]) -> set[Intent]:
    """Return what is asked for once "yes" and a question mark behind a question are left out; "ack?" stays both."""
    wanted = found - {Intent.YES} or found
    return wanted if wanted & DECIDING else wanted - {Intent.HELP} or wanted


def _silence(said: _Said, phrase: Phrase, end: End | None, now: datetime) -> Request | Misunderstood:
    first, behind, tokens = phrase.first, phrase.behind, said.tokens
    head = [place for place in range(end.first if end else len(tokens)) if not first <= place < behind]
    # The words between the two where the end comes first.
    head += range(end.behind, first) if end else ()
    head = [place for place in head if tokens[place].folded not in YES_WORDS]
    if said.denies(head):
        return Misunderstood(Unclear.NEGATED, Intent.SILENCE)
    if end is None or end.instant is None:
        return Misunderstood(Unclear.END, Intent.SILENCE)
    tail, named = max(behind, end.behind), said.named(head)
    while tail < len(tokens) and (name := said.name(tail)) and name.kind is NameKind.ALERT:
        named.append(name)
        tail += 1
    behind_names = tail
    while tail < len(tokens) and tokens[tail].folded in _BECAUSE:
        tail += 1
    reason = said.text[tokens[tail].start :] if tail < len(tokens) else ""
    critical = any(tokens[place].folded in CRITICAL for place in head)
    trouble = _trouble(end.instant, reason, now)
    if len(set(named)) > 1:
        trouble = Unclear.NAMES
    elif not said.is_plain(head) or (end.first and tokens[end.first - 1].folded == "in"):
        # "In 4 hours" is when it begins.
        trouble = Unclear.REST
    elif _denies_at_first(said, tail):
        trouble = Unclear.NEGATED
    elif any(token.folded == QUESTION for token in tokens):
        trouble = Unclear.SEVERAL
    elif tail == behind_names:
        # Nothing says that a reason follows.
        trouble = _doubt(said, tail) or trouble
    if trouble is not None:
        return Misunderstood(trouble, Intent.SILENCE)
    return Request(Intent.SILENCE, named[0] if named else None, end.instant, reason, critical)


def _denies_at_first(said: _Said, tail: int) -> bool:
    """Return whether what should be a reason takes the silence back: `silence 4h? no`, `silence 4h, please not`."""
    for place in range(tail, len(said.tokens)):
        if is_negation(said.tokens[place]):
            return True
        if not _is_passed_over(said.tokens[place]):
            return False
    return False


def _doubt(said: _Said, tail: int) -> Unclear | None:
    """Return what is wrong with words that should be a reason and begin with another end, a comment or a condition."""
    tokens = said.tokens
    for place in range(tail, len(tokens)):
        word, before = tokens[place].folded, tokens[place - 1].folded
        first = place + (word in _OR and place + 1 < len(tokens))
        if begins_end(tokens, first):
            return Unclear.END
        if word in DOUBTS and (word, before) not in _STATED:
            return Unclear.REST
        if place > tail and (name := said.name(place)) is not None and name.kind is NameKind.ALERT:
            return Unclear.REST
        if not _is_passed_over(tokens[place]):
            return None
    return None


def _is_passed_over(token: Token) -> bool:
    return token.folded in FILLERS or is_sign(token)


def _trouble(end: datetime, reason: str, now: datetime) -> Unclear | None:
    if end <= now:
        return Unclear.PAST
    if end - now > LONGEST_SILENCE:
        return Unclear.TOO_FAR
    return None if SHORTEST_REASON <= len(reason) <= LONGEST_REASON else Unclear.REASON
