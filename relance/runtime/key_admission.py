"""Whether a process may start with its keys (SPEC section 13)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from relance.domain.keys import KeyCheck, KeyRegister, compare
from relance.errors import DependencyUnavailable, SettingsError

if TYPE_CHECKING:
    from relance.ports.keys import InstalledKeys
    from relance.settings.keyring import Keyring
    from relance.settings.privacy import Privacy

_RACES = 16
"""Each lost race means that another process has recorded a key, which happens once per key."""

logger = logging.getLogger(__name__)


async def admit(keys: InstalledKeys, privacy: Privacy) -> None:
    """Let a process go on that has every key this installation has used, and record those it brings.

    One read for a process with known keys. Of two first processes with different keys one records first, and the other
    one is refused: a record is only replaced as it was read. Who dies in between has recorded a key that was in a
    process's settings, or nothing.

    Raises:
        SettingsError: a key is missing or retired; names the setting and the reason.
        DependencyUnavailable: the database.
    """
    for _ in range(_RACES):
        register = await keys.read()
        checks = [check(ring, register) for ring in privacy.keyrings]
        if reasons := [checked.reason for checked in checks if checked.reason is not None]:
            raise SettingsError(". ".join(reasons))
        if not any(checked.new for checked in checks):
            return
        if await keys.record(
            register, _with(register, {checked.setting: checked.new for checked in checks if checked.new})
        ):
            for checked in checks:
                if checked.new and checked.setting in register.known:
                    logger.warning("%s: new key(s) are on record: restart the processes without them", checked.setting)
            return
    raise DependencyUnavailable("MongoDB", "the record of the keys keeps changing")


def check(ring: Keyring, register: KeyRegister) -> KeyCheck:
    """Compare a ring with what is on record."""
    ours = ring.fingerprints if ring.texts or not ring.optional else ()
    return compare(ring.setting, ours, register)


def _with(register: KeyRegister, new: Mapping[str, tuple[str, ...]]) -> KeyRegister:
    known = {setting: (*register.known.get(setting, ()), *added) for setting, added in new.items()}
    return KeyRegister({**register.known, **known}, register.retired)
