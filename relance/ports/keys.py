"""The fingerprints of the keys an installation has used (SPEC section 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from relance.domain.keys import KeyRegister


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What was written under suppression keys, by fingerprint; `unmarked` are opt-outs whose key nobody noted."""

    opt_outs: Mapping[str, int]
    invitations: Mapping[str, int]
    unmarked: int = 0

    def needs(self, fingerprint: str) -> bool:
        """Return whether something would be forgotten without this key; what is unmarked may be of any."""
        return bool(self.opt_outs.get(fingerprint) or self.invitations.get(fingerprint) or self.unmarked)


class InstalledKeys(Protocol):
    """The fingerprints on record, changed by compare-and-set on one document."""

    async def read(self) -> KeyRegister:
        """Return what is on record; empty for a new installation."""

    async def record(self, before: KeyRegister, after: KeyRegister) -> bool:
        """Replace what is on record; False when somebody else has changed it meanwhile, and nothing was done."""

    async def use(self) -> KeyUse:
        """Count what was written under each suppression key."""
