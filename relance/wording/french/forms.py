"""What is wrong with a form, in French."""

from __future__ import annotations

from collections.abc import Mapping

FRENCH: Mapping[str, str] = {
    "there is no key": "il n’y a pas de clé",
    "set RELANCE_EVERFLOW__API_KEY": "réglez RELANCE_EVERFLOW__API_KEY",
    "the check does not run on any of these days": "le contrôle ne passe aucun de ces jours",
    "widen the range, or take every day": "élargissez la période, ou prenez chaque jour",
    "enter a number within its range": "entrez un nombre dans les limites",
    "this is no day": "ce n’est pas un jour",
    "write it as 2026-11-04": "écrivez-le comme 2026-11-04",
    "{day} is too long ago": "{day} est trop ancien",
    "name a day from {first} on": "nommez un jour à partir du {first}",
    "{day} lies ahead": "{day} est à venir",
    "name a day that has begun": "nommez un jour commencé",
    "{last} lies before {first}": "{last} précède {first}",
    "swap the two": "échangez les deux",
    "these are {count} days": "cela fait {count} jours",
    "take at most {most}, or use `starter.py backtest`": "prenez-en {most} au plus, ou utilisez `starter.py backtest`",
    "there is no check {name}": "il n’y a pas de contrôle {name}",
    "choose one of the page": "choisissez-en un sur la page",
    "the templates are wrong": "les modèles sont en défaut",
    "see the checks on this page": "voyez les contrôles de cette page",
    "it is missing, and this cannot be undone": "il manque, et cela ne peut être défait",
    "say in a few words why": "dites en quelques mots pourquoi",
    "it is longer than {most} characters": "il dépasse {most} caractères",
    "say it in fewer words": "dites-le en moins de mots",
    "it is not an address mail can be sent to": "ce n’est pas une adresse à laquelle écrire",
    "write all of it, with the domain": "écrivez-la en entier, avec le domaine",
    "this address has opted out, or bounces": "cette adresse s’est désinscrite, ou ses messages reviennent",
    "write to another one": "écrivez à une autre",
    "see docs/errors.md for the code": "voyez docs/errors.md pour le code",
    "this cannot be done now: the cycle is {state}, its workflow {workflow}": "c’est impossible maintenant : le cycle est {state}, son workflow {workflow}",
    "look at the page as it is now": "regardez la page telle qu’elle est maintenant",
    "paused": "en pause",
    "running": "en cours",
    "cancelled": "annulé",
    "rolled_back": "revenu en arrière",
    "completed": "terminé",
    "none": "absent",
}
