"""What the pages behind the links in mails say, in French and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageWords:
    """The texts of the pages in one language, as formats of `sender`, `brand` and `day`."""

    anonymous: str
    footer: str
    ask_title: str
    ask: str
    sender_title: str
    sender: str
    everyone_title: str
    everyone: str
    undone_title: str
    undone: str
    stop_sender: tuple[str, str, str]
    stop_everyone: tuple[str, str, str]
    undo: tuple[str, str, str]
    unknown_title: str
    unknown: tuple[str, str]
    refused_title: str
    refused: Mapping[int, str]


ENGLISH = PageWords(
    anonymous="someone you know",
    footer="This page belongs to the link in your mail. Opening it changes nothing; only its buttons do.",
    ask_title="Stop receiving invitations",
    ask="You get invitations to short forms from {sender} on {brand}. Tell us what to stop: it counts at once.",
    sender_title="Invitations from {sender} have stopped",
    sender="You will get no more invitations and no more reminders from {sender} on {brand}.",
    everyone_title="All invitations have stopped",
    everyone="You will get no more invitations and no more reminders from anyone on {brand}.",
    undone_title="You will get invitations again",
    undone="It counts at once. Mails that were stopped meanwhile are not sent after all; the next invitation is.",
    stop_sender=(
        "From this person only",
        "No more invitations or reminders from {sender}. Other people can still invite you.",
        "Stop mails from this person",
    ),
    stop_everyone=(
        "From anyone",
        "No more invitations or reminders on {brand}, whoever sends them.",
        "Stop all invitations from anyone",
    ),
    undo=("Changed your mind?", "You can take this back until {day}.", "Undo"),
    unknown_title="This link does not work",
    unknown=(
        "It is incomplete, or what it stood for is no longer there. Nothing was changed.",
        "Open the link exactly as it is in your mail. If that does not help, answer the mail, and a person will see to "
        "it.",
    ),
    refused_title="That did not work",
    refused={
        400: "We did not understand this request. Nothing was changed.",
        429: "There were too many requests. Nothing was changed; please try again in a moment.",
        503: "We cannot do this right now. Nothing was changed; please try again in a moment.",
    },
)

FRENCH = PageWords(
    anonymous="une personne que vous connaissez",
    footer="Cette page correspond au lien de votre message. L’ouvrir ne change rien : seuls ses boutons agissent.",
    ask_title="Ne plus recevoir d’invitations",
    ask="Vous recevez de la part de {sender} des invitations à de courts formulaires sur {brand}. Dites-nous ce qui "
    "doit s’arrêter : c’est immédiat.",
    sender_title="Les invitations de {sender} sont arrêtées",
    sender="Vous ne recevrez plus ni invitation ni rappel de la part de {sender} sur {brand}.",
    everyone_title="Toutes les invitations sont arrêtées",
    everyone="Vous ne recevrez plus ni invitation ni rappel de qui que ce soit sur {brand}.",
    undone_title="Vous recevrez de nouveau des invitations",
    undone="C’est immédiat. Les messages arrêtés entre-temps ne seront pas renvoyés ; vous recevrez la prochaine "
    "invitation.",
    stop_sender=(
        "De cette personne seulement",
        "Plus d’invitation ni de rappel de la part de {sender}. D’autres personnes pourront encore vous inviter.",
        "Arrêter les messages de cette personne",
    ),
    stop_everyone=(
        "De tout le monde",
        "Plus d’invitation ni de rappel sur {brand}, quelle que soit la personne qui les envoie.",
        "Arrêter toutes les invitations",
    ),
    undo=("Vous avez changé d’avis ?", "Vous pouvez revenir en arrière jusqu’au {day}.", "Annuler"),
    unknown_title="Ce lien ne fonctionne pas",
    unknown=(
        "Il est incomplet, ou ce qu’il désignait n’existe plus. Rien n’a été modifié.",
        "Ouvrez le lien exactement comme il figure dans votre message. Si cela n’aide pas, répondez au message : une "
        "personne s’en occupera.",
    ),
    refused_title="Cela n’a pas fonctionné",
    refused={
        400: "Nous n’avons pas compris cette demande. Rien n’a été modifié.",
        429: "Il y a eu trop de demandes. Rien n’a été modifié ; veuillez réessayer dans un instant.",
        503: "Ce n’est pas possible pour le moment. Rien n’a été modifié ; veuillez réessayer dans un instant.",
    },
)

WORDS: Mapping[str, PageWords] = {"en": ENGLISH, "fr": FRENCH}
