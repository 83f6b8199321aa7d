"""The keys of one setting: the first signs and writes, all verify and look up (SPEC section 13)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from relance.errors import SettingsError

Derived = TypeVar("Derived")
BETWEEN = ","
FINGERPRINT_DIGITS = 16
MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


@dataclass(frozen=True, repr=False)
class Keyring:
    """The keys that `setting` holds, newest first; none if it is not set.

    A caller that needs a key of an empty ring gets an error: nothing is signed or looked up without a key. What an
    `optional` ring is for can be left undone.
    """

    setting: str
    texts: tuple[str, ...]
    optional: bool = False

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys as bytes, at least one.

        Raises:
            SettingsError: there is none.
        """
        return self._keys

    @cached_property
    def _keys(self) -> tuple[bytes, ...]:
        if not self.texts:
            raise SettingsError(f"{self.setting}: is not set; make a key with `{MAKE_ONE}`")
        return tuple(text.encode() for text in self.texts)

    @cached_property
    def fingerprints(self) -> tuple[str, ...]:
        """What each key is known by, in order: the first 16 hex digits of a keyed hash of a constant."""
        constant = f"relance fingerprint of {self.setting} v1".encode()
        return tuple(hmac.digest(key, constant, "sha256").hex()[:FINGERPRINT_DIGITS] for key in self.keys)

    def derived(self, derive: Callable[[bytes], Derived]) -> tuple[Derived, ...]:
        """Return what is made of each key, in order."""
        return tuple(derive(key) for key in self.keys)
