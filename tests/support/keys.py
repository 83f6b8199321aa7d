"""Keys for tests, made anew for each run: what is published protects nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from relance.settings.keyring import Keyring
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY, Privacy


def a_key() -> str:
    """Return a new random key."""
    return secrets.token_urlsafe(32)


def privacy(*, suppression: str | None = None, links: str | None = None) -> Privacy:
    """Return keys, each given or new; several are separated by commas."""
    return Privacy.model_validate({"suppression_key": suppression or a_key(), "link_key": links or a_key()})


def privacy_of(environment: Mapping[str, str]) -> Privacy:
    """Return the keys a process with this environment has."""
    return privacy(suppression=environment[SUPPRESSION_KEY], links=environment[LINK_KEY])


def ring(*keys: str) -> Keyring:
    """Return a ring of link keys."""
    return Keyring(LINK_KEY, keys)


PRIVACY = privacy()
"""The keys of everything in this process that needs some."""

ENVIRONMENT = {
    name: key.get_secret_value()
    for name, key in ((SUPPRESSION_KEY, PRIVACY.suppression_key), (LINK_KEY, PRIVACY.link_key))
    if key is not None
}
"""The same for a process of its own."""
