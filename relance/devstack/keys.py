"""The embedded stack's own keys: random, and the same for as long as its data folder is kept."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from relance.settings.gateway import API_KEYS, SIGNING_SECRETS
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY

FOLDER = "keys"


def _key() -> str:
    return secrets.token_urlsafe(32)


def _signing_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


MADE: Mapping[str, Callable[[], str]] = {
    SUPPRESSION_KEY: _key,
    LINK_KEY: _key,
    SIGNING_SECRETS: _signing_secret,
    API_KEYS: _key,
}
"""Every key, and how it is made."""


def keys_of(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the keys by variable: the given ones, else those of the folder, which are made when first asked for."""
    return {name: environment.get(name) or _kept(folder / FOLDER / name, make) for name, make in MADE.items()}


def _kept(file: Path, make: Callable[[], str]) -> str:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        # Whole or not at all, and never readable to others.
        half = file.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as text:
            text.write(make())
        try:
            # Unlike a rename it leaves a file that another process has made in the meantime.
            os.link(half, file)
        except FileExistsError:
            pass
        finally:
            half.unlink()
    return file.read_text(encoding="ascii")
