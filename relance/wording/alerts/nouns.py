"""What is counted in the rows of alerts, in each language."""

from __future__ import annotations

from dataclasses import dataclass

from relance.wording.alerts.figures import Forms


@dataclass(frozen=True, slots=True)
class Nouns:
    """The nouns of one language with their counts, by plural form."""

    users: Forms
    contacts: Forms
    plans: Forms
    waves: Forms
    clicks: Forms


ENGLISH_NOUNS = Nouns(
    users=("{count} user", "{count} users"),
    contacts=("{count} contact", "{count} contacts"),
    plans=("{count} plan", "{count} plans"),
    waves=("{count} wave", "{count} waves"),
    clicks=("{count} click", "{count} clicks"),
)

FRENCH_NOUNS = Nouns(
    users=("{count} utilisateur", "{count} utilisateurs", "{count} d’utilisateurs"),
    contacts=("{count} contact", "{count} contacts", "{count} de contacts"),
    plans=("{count} plan", "{count} plans", "{count} de plans"),
    waves=("{count} vague", "{count} vagues", "{count} de vagues"),
    clicks=("{count} clic", "{count} clics", "{count} de clics"),
)
