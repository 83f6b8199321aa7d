"""The keys an installation has used, and whether a process has all of them (SPEC section 13).

A process without a key that others have written with would forget their opt-outs and refuse their links, unnoticed. So
the database holds the fingerprints of the keys, and a process that lacks a key does not start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relance.domain.sentences import Sentence


@dataclass(frozen=True, slots=True)
class KeyRegister:
    """The fingerprints on record, by setting, in the order in which they came; `retired` are not needed any more."""

    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    retired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def needed(self, setting: str) -> tuple[str, ...]:
        """Return the keys of a setting that every process must have."""
        retired = self.retired.get(setting, ())
        return tuple(fingerprint for fingerprint in self.known.get(setting, ()) if fingerprint not in retired)


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What a process's keys of one setting are, compared with those on record."""

    setting: str
    missing: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    retired_first: str | None = None

    @property
    def reason(self) -> str | None:
        """Why a process with these keys must not start; None if it may."""
        if self.missing:
            listed = ", ".join(self.missing)
            return Sentence(
                "{setting}: lacks the key(s) with fingerprint {listed}, which this installation has used; "
                "opt-outs, links or payloads made with it would be unknown. Put it behind the first key, after a comma",
                setting=self.setting,
                listed=listed,
            )
        if self.retired_first is not None:
            return Sentence(
                "{setting}: its first key, with fingerprint {fingerprint}, was retired; put another one before it",
                setting=self.setting,
                fingerprint=self.retired_first,
            )
        return None


def compare(setting: str, ours: Sequence[str], register: KeyRegister) -> KeyCheck:
    """Compare the fingerprints of a process's keys, the first of which writes, with those on record."""
    return KeyCheck(
        setting=setting,
        missing=tuple(fingerprint for fingerprint in register.needed(setting) if fingerprint not in ours),
        new=tuple(fingerprint for fingerprint in ours if fingerprint not in register.known.get(setting, ())),
        retired_first=ours[0] if ours and ours[0] in register.retired.get(setting, ()) else None,
    )
