"""The words that are understood, English and French side by side: nobody says first which language he writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from relance.domain.conversation.model import Intent, NameKind
from relance.domain.conversation.tokens import Token, words

_PHRASES: Mapping[Intent, str] = {
    Intent.YES: "yes, yep, yeah, yes please, go on, oui, ouais, volontiers, d accord, vas y, allez y",
    Intent.NO: "no thanks, no thank you, non merci",
    Intent.DETAILS: "details, detail, more details, more, tell me more, show me more, plus de details, plus, "
    "en savoir plus, dis m en plus, dites m en plus",
    Intent.ACKNOWLEDGE: "ack, acknowledge, seen, got it, on it, i am on it, i m on it, vu, bien vu, c est vu, "
    "j ai vu, acquitter, acquitte, acquittez, je m en occupe, je m en charge, je prends",
    Intent.SILENCE: "silence, mute, snooze, sourdine, en sourdine, mets en sourdine, mettre en sourdine, "
    "mettez en sourdine, mets en silence, mettre en silence, mettez en silence",
    Intent.UNSILENCE: "unsilence, unmute, end silence, end the silence, stop the silence, lift the silence, "
    "lever le silence, leve le silence, levez le silence, fin du silence, reactiver, reactive, reactivez",
    Intent.STATUS: "status, state, progress, how far, how is it going, etat, statut, avancement, ou en est, "
    "ou en sommes",
    Intent.WHY: "why, how come, explain, pourquoi, explique, expliquer, expliquez",
    Intent.HELP: "help, commands, ?, aide, commandes, que sais tu faire",
}

PHRASES: Mapping[tuple[str, ...], Intent] = {
    tuple(phrase.split()): intent for intent, phrases in _PHRASES.items() for phrase in phrases.split(", ")
}
YES_WORDS = frozenset(phrase[0] for phrase, intent in PHRASES.items() if intent is Intent.YES and len(phrase) == 1)
_LONGEST = max(map(len, PHRASES))

NEGATIONS = words("no not dont never cannot nor neither without non ne n pas jamais sans aucun aucune ni")

FILLERS = words(
    "please pls the this that it its these them all a an my our your you i we me can could will would just now ok okay "
    "thanks thank ty hi hello hey and alert alerts for to of on in message agent bot "
    "svp stp s il te vous plait le la les l un une ce cet cette ces c est ca cela de du d des au aux mon ma nous je tu "
    "moi merci bonjour salut peux pouvez tout toute tous alerte alertes pour pendant durant et y bien maintenant "
    "critical critique critiques user contact invitation cycle utilisateur utilisatrice 👍 👌 ✅ ✔ 🙏 🙂 😊"
)
"""Words that change nothing beside a decision; no word of a question is among them ("who will ack")."""

MODALS = words("can could will would peux pouvez")
"""Beside `YOU` they ask us for something; else they tell what somebody may do."""
YOU = words("you tu vous")

DOUBTS = words(
    "is are was were be been being will would could should shall may might must can has have had does did seems sounds "
    "looks means ends begins starts too maybe perhaps probably possibly really only enough if unless when once after "
    "before from starting beginning except but instead or and then rather "
    "est sont etait etaient sera serait seront seraient peut peuvent pourrait pourraient doit devrait devraient avait "
    "aurait semble parait ferait suffit suffirait trop peut-etre vraiment seulement assez si quand lorsque apres avant "
    "sauf excepte mais plutot ou et puis"
)
"""Where the reason of a silence should begin they talk about the silence, or tie it to a condition."""

CRITICAL = frozenset({"critical", "critique", "critiques"})

KINDS: Mapping[str, NameKind] = {
    "user": NameKind.USER,
    "utilisateur": NameKind.USER,
    "utilisatrice": NameKind.USER,
    "contact": NameKind.CONTACT,
    "invitation": NameKind.INVITATION,
    "alert": NameKind.ALERT,
    "alerte": NameKind.ALERT,
}
"""What the id behind such a word is the id of."""


class Phrase(NamedTuple):
    """A phrase that asks for something, from its first word to the one behind its last."""

    first: int
    behind: int
    intent: Intent


def intents(tokens: Sequence[Token]) -> list[Phrase]:
    """Return the phrases that ask for something, in their order."""
    found: list[Phrase] = []
    place = 0
    while place < len(tokens):
        for length in range(_LONGEST, 0, -1):
            phrase = tuple(token.folded for token in tokens[place : place + length])
            if len(phrase) == length and phrase in PHRASES:
                found.append(Phrase(place, place + length, PHRASES[phrase]))
                place += length
                break
        else:
            place += 1
    return found


def is_negation(token: Token) -> bool:
    """Return whether a word denies what stands beside it."""
    return token.folded in NEGATIONS or token.folded.endswith("n't")
