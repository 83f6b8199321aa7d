"""The keys by which opted-out addresses are remembered, links are signed and payloads encrypted (SPEC section 13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from relance.settings.group import SettingsGroup
from relance.settings.keyring import BETWEEN, Keyring

SUPPRESSION_KEY, LINK_KEY = "RELANCE_PRIVACY__SUPPRESSION_KEY", "RELANCE_PRIVACY__LINK_KEY"
CODEC_KEY = "RELANCE_PRIVACY__CODEC_KEY"
SHORTEST = 32


def _keys(value: SecretStr | None) -> SecretStr | None:
    """Check a list of keys; no message quotes one."""
    if value is None:
        return None
    keys = value.get_secret_value().split(BETWEEN)
    where = [f"key {number} of {len(keys)}" if len(keys) > 1 else "the key" for number in range(1, len(keys) + 1)]
    for key, which in zip(keys, where, strict=True):
        if any(character.isspace() or not character.isprintable() for character in key):
            raise ValueError(f"{which} holds a blank or a control character; keys are separated by a comma alone")
        if len(key) < SHORTEST:
            raise ValueError(f"{which} has {len(key)} characters, and at least {SHORTEST} are needed")
    if len(set(keys)) < len(keys):
        raise ValueError("names the same key twice")
    return value


Keys = Annotated[SecretStr | None, AfterValidator(_keys)]
_FORM = "At least 32 characters without blanks; several keys separated by commas."


class Privacy(SettingsGroup):
    """Keys, kept for as long as the data: a worker does not start without them. The embedded stack makes its own."""

    suppression_key: Keys = Field(
        None,
        description="Keys of the hashes by which opted-out addresses are remembered: the first writes, all look up. "
        + _FORM,
    )
    link_key: Keys = Field(
        None, description="Keys that sign the links in the mails: the first signs, all verify. " + _FORM
    )

    codec_key: Keys = Field(
        None,
        description="Keys that encrypt what Temporal stores: the first encrypts, all decrypt; none encrypts nothing. "
        + _FORM,
    )
    encrypt_payloads: bool = Field(
        True, description="With a codec key: false still decrypts, and encrypts nothing any more, or not yet."
    )

    seal_ids: bool = Field(
        True,
        description="Whether links, Message-IDs and envelope senders hide the ids of users and contacts. false writes "
        "what versions before 0.2 can read: for as long as one may go back to them.",
    )

    @property
    def suppression_keys(self) -> Keyring:
        """The keys of the opt-outs."""
        return ring_of(SUPPRESSION_KEY, self.suppression_key)

    @property
    def link_keys(self) -> Keyring:
        """The keys of the links."""
        return ring_of(LINK_KEY, self.link_key)

    @property
    def codec_keys(self) -> Keyring:
        """The keys of the payloads in Temporal; may be empty."""
        return replace(ring_of(CODEC_KEY, self.codec_key), optional=True)

    @property
    def keyrings(self) -> tuple[Keyring, Keyring, Keyring]:
        """All."""
        return self.suppression_keys, self.link_keys, self.codec_keys


def ring_of(setting: str, value: SecretStr | None) -> Keyring:
    """Return the keys of a setting."""
    return Keyring(setting, tuple(value.get_secret_value().split(BETWEEN)) if value is not None else ())
