"""`keys`: which keys this installation needs, and which one it needs no more (SPEC section 13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, table
from relance.domain.keys import KeyRegister
from relance.errors import DependencyUnavailable, NotFound
from relance.ports import KeyUse
from relance.settings.keyring import Keyring
from relance.settings.privacy import CODEC_KEY, SUPPRESSION_KEY

FingerprintArgument = Annotated[str, typer.Argument(help="Which key, see `keys status`.", metavar="FINGERPRINT")]
BreakLinksOption = Annotated[
    bool, typer.Option("--break-links", help="For a link key: know that links signed with it die, opt-outs among them.")
]
LostOption = Annotated[
    bool,
    typer.Option(
        "--lost",
        help="For a suppression key nobody has, or a codec key: know that opt-outs or payloads under it are lost.",
    ),
]
DROP_EXAMPLES = """
starter.py keys drop 4f0c2a9d11b7e683
starter.py keys drop 9a77c01be2f45d10 --break-links --yes
"""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key, by its fingerprint: what it does here, whether every process must have it, what was written with it."""

    setting: str
    fingerprint: str
    here: str
    record: str
    opt_outs: int | None = None
    invitations: int | None = None


async def status(run: Run) -> Answer:
    """Show each key by its fingerprint: whether it is in these settings, on record, and what was written with it.

    Exit code 0. It also runs where others refuse to start, to say why.
    """
    async with run.database() as database:
        register, use = await database.keys.read(), await database.keys.use()
    lines = [key for ring in run.settings.privacy.keyrings for key in _lines(ring, register, use)]
    columns = ("setting", "fingerprint", "in these settings", "on record", "opt-outs", "invitations")
    rows = [(key.setting, key.fingerprint, key.here, key.record, key.opt_outs, key.invitations) for key in lines]
    data = {"keys": [asdict(key) for key in lines], "opt_outs_without_key": use.unmarked}
    title = f"Keys; {use.unmarked} opt-out(s) of earlier versions may be of any" if use.unmarked else "Keys"
    return Answer(data, table(title, columns, rows))


async def drop(
    run: Run,
    fingerprint: FingerprintArgument,
    *,
    break_links: BreakLinksOption = False,
    lost: LostOption = False,
    yes: YesOption = False,
) -> Answer:
    """Say that a key is not needed any more, so that processes without it may start; then take it out of the settings.

    Asks first. Refused for a suppression key while opt-outs or invitations are remembered under it: without the
    address nothing can be remembered anew under another key.
    """
    async with run.database() as database:
        register = await database.keys.read()
        setting = _setting_of(fingerprint, register)
        ring = next(keyring for keyring in run.settings.privacy.keyrings if keyring.setting == setting)
        if not ring.texts or ring.fingerprints[0] == fingerprint:
            invalid("FINGERPRINT", "it is the first key of these settings", "put the new key before it first")
        if setting == SUPPRESSION_KEY:
            # A key that is at hand is not lost.
            if not lost or fingerprint in ring.fingerprints:
                _check_unused(fingerprint, await database.keys.use())
        elif setting == CODEC_KEY:
            if not lost:
                lose = "what is encrypted with it in Temporal could not be read, and open workflows would stand still"
                invalid("FINGERPRINT", lose, "wait until no history of its time is kept, then add --lost")
        elif not break_links:
            invalid("FINGERPRINT", "links in mails were signed with it and would die", "add --break-links, or keep it")
        confirm(run, f"{fingerprint} of {setting} is retired for good: no process may write with it again", yes=yes)
        retired = {**register.retired, setting: (*register.retired.get(setting, ()), fingerprint)}
        if not await database.keys.record(register, KeyRegister(register.known, retired)):
            raise DependencyUnavailable("MongoDB", "the record of the keys has just changed; try again")
    sentence = f"{fingerprint} is not needed any more: take it out of {setting} and restart the processes."
    return Answer({"setting": setting, "fingerprint": fingerprint, "done": "dropped"}, sentence)


def _lines(ring: Keyring, register: KeyRegister, use: KeyUse) -> Iterator[KeyLine]:
    ours: Sequence[str] = ring.fingerprints if ring.texts else ()
    needed = register.needed(ring.setting)
    for fingerprint in dict.fromkeys((*ours, *register.known.get(ring.setting, ()))):
        counted = ring.setting == SUPPRESSION_KEY
        yield KeyLine(
            setting=ring.setting,
            fingerprint=fingerprint,
            here="writes"
            if fingerprint in ours[:1]
            else "looks up"
            if fingerprint in ours
            else "missing"
            if fingerprint in needed
            else "-",
            record="needed"
            if fingerprint in needed
            else "retired"
            if fingerprint in register.known.get(ring.setting, ())
            else "new",
            opt_outs=use.opt_outs.get(fingerprint, 0) if counted else None,
            invitations=use.invitations.get(fingerprint, 0) if counted else None,
        )


def _setting_of(fingerprint: str, register: KeyRegister) -> str:
    found = [setting for setting in register.known if fingerprint in register.needed(setting)]
    if not found:
        raise NotFound(f"FINGERPRINT: no key {fingerprint!r} is needed; look it up with `keys status`")
    return found[0]


def _check_unused(fingerprint: str, use: KeyUse) -> None:
    if use.needs(fingerprint):
        opt_outs, invitations = use.opt_outs.get(fingerprint, 0), use.invitations.get(fingerprint, 0)
        invalid(
            "FINGERPRINT",
            f"{opt_outs} opt-out(s) and {invitations} invitation(s) are remembered under it, and {use.unmarked} "
            "opt-out(s) of earlier versions may be",
            "keep it behind the first key: without the address nothing can be remembered anew",
        )


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The keys of opt-outs, links and payloads, by their fingerprints.")
    # To see and to repair what keeps others from starting.
    command(group, "status", "starter.py keys status --json", keyless=True)(status)
    command(group, "drop", DROP_EXAMPLES, keyless=True)(drop)
    app.add_typer(group, name="keys")
