"""`bad_settings_accepted`: a name nobody reads or a value nobody can use, and the process starts (SPEC section 10)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from relance.settings.privacy import LINK_KEY
from tests.outside.figure import Case, Figure, Stage, at_once
from tests.outside.published_keys import LIMIT_S, accepted, refusal
from tests.support import preloaded_starter
from tests.support.installation import Installation

SECRET = "s3cret-Pa55word"
STARTER = ["cycle", "status", "2026-11"]

CRON = [
    *("banana", "", "0 6 L * *", "a b c d e", "0 9 30 2 *", "60 * * * *", "* * * *", "0 6 25 * * * * *", "0 6 25 13 *"),
    *("@never", "CRON_TZ=Mars/Base 0 6 25 * *", "0 6 1#2 * *", "\u0660 6 25 * *", "-1 * * * *"),
]
CRONS = [
    "RELANCE_SCHEDULING__CYCLE_CRON",
    "RELANCE_EVERFLOW__PAUSED_CRON",
    "RELANCE_EVERFLOW__DEFAULT_LP_CRON",
    "RELANCE_JOBS__HEALTH_CRON",
    "RELANCE_JOBS__DIGEST_CRON",
]
VALUES: dict[str, list[str]] = {
    "RELANCE_MAIL__SENDER_ADDRESS": [
        *(
            "nonsense",
            "",
            "A <a@example.org>",
            "a@b@c",
            "a b@example.org",
            "a@example.org, b@example.org",
            "@example.org",
        ),
        *("a@", "a@localhost@", "a@exa_mple..org", "a@example.org\nBcc: x@evil.example", "é@exemple.fr"),
    ],
    "RELANCE_MAIL__REPLY_TO": ["a@b@c", "nobody", "a@example.org;b@example.org"],
    "RELANCE_MAIL__BOUNCE_DOMAIN": ["a@bounces.example", "", "two words", "https://bounces.example", "-x.example"],
    "RELANCE_MAIL__MESSAGE_ID_DOMAIN": ["no domain", "<x>", "a@b"],
    "RELANCE_MAIL__SENDER_NAME": ["Form\nBcc: x@y.example", " ", "x" * 101],
    "RELANCE_MAIL__HOST": ["smtp://relay.example", "relay.example:25", "", "re lay", "relay.example/"],
    "RELANCE_MAIL__PORT": ["0", "65536", "smtp", "25.5", "-25"],
    "RELANCE_MAIL__TLS": ["maybe", "ssl3", ""],
    "RELANCE_MAIL__CONNECTIONS": ["0", "-1", "many", "1e9"],
    "RELANCE_MAIL__LINK_BASE": [
        "form.example",
        "https://form.example/?a=b",
        "javascript:alert(1)",
        "ftp://form.example",
    ],
    "RELANCE_MONGO__URI": [
        "foo",
        f"mongodb://user:{SECRET}@host:port/",
        f"mongodb://user:{SECRET}@/",
        "http://x.example",
    ],
    "RELANCE_MONGO__TIMEOUT": ["0", "nan", "inf", "1h"],
    "RELANCE_SCHEDULING__DEFAULT_DAY": ["0", "32", "last", "5.5"],
    "RELANCE_SCHEDULING__DEFAULT_TIME": ["24:00", "6pm", "18:0", "18h00", "18:00:00"],
    "RELANCE_SCHEDULING__DEFAULT_ZONE": ["Europe/Pariss", "", "../etc/passwd", "CET+1!", "europe paris"],
    "RELANCE_SCHEDULING__EXPIRY_DAYS": ["7", "366", "P30D"],
    "RELANCE_SCHEDULING__MAX_LATE": ["-P1D", "a week", "nan"],
    "RELANCE_EVERFLOW__TIMEZONE": ["Amsterdam", "UTC+25"],
    "RELANCE_EVERFLOW__CURRENCY": ["euro", "eur", "\u20ac"],
    "RELANCE_EVERFLOW__PAUSED_DROP": ["100", "-1", "half"],
    "RELANCE_ERROR_GATE__SHARE": ["1", "-0.1", "1%", "nan"],
    "RELANCE_RELAY_LOG__POSTFIX_ZONE": ["Mars/Base"],
    "RELANCE_ALERTS__ZONE": ["Nowhere"],
    "RELANCE_ALERTS__DIGEST_TIME": ["9:00", "25:00"],
    "RELANCE_CHANNELS__WEBHOOK_SECRETS": ["whsec_", SECRET, f"whsec_{SECRET}"],
    "RELANCE_CHANNELS__SLACK_URL": [f"hooks.example/{SECRET}", f"https://{SECRET}:x@", f"ftp://x.example/{SECRET}"],
    "RELANCE_CHANNELS__TEAMS_URL": [SECRET, f"https://[{SECRET}"],
    "RELANCE_WATCHDOG__DEADMAN_URL": [f"hc.example/{SECRET}"],
    "RELANCE_CHANNELS__ORDER": ["slak", "slack,slack"],
    "RELANCE_CHANNELS__MAIL_TO": ["nobody", "a@b@c"],
    "RELANCE_PACING__PROVIDERS": ["gmail", "gmail=0", "gmail=x", "=5"],
    "RELANCE_MONITORING__LOG_LEVEL": ["LOUD", "info "],
    "RELANCE_GATEWAY__PORT": ["65536", "http"],
    "RELANCE_PRIVACY__LINK_KEY": ["short", SECRET, f"{'x' * 40},short"],
}
"""Values that cannot be meant, by setting."""

NAMES = [
    *(
        "RELANCE_MIAL__HOST",
        "RELANCE_MAIL_HOST",
        "RELANCE_MAIL__HSOT",
        "relance_mail__hots",
        "RELANCE_",
        "RELANCE_MAIL__",
    ),
    *("RELANCE__MAIL__HOST", "RELANCE_MAIL__HOST__", "RELANCE_MAIL__HOST2", "RELANCE_SCHEDULING__CYCLE_CRONS"),
]
"""Names that no setting has."""

RELAY = {"RELANCE_MAIL__USERNAME": "relance", "RELANCE_MAIL__PASSWORD": SECRET}
CLEAR: dict[str, dict[str, str]] = {
    f"a password to {host} without TLS": {**RELAY, "RELANCE_MAIL__HOST": host, "RELANCE_MAIL__TLS": "none"}
    for host in ("relay.example", "192.0.2.9", "0.0.0.0", "localhost.example", "2001:db8::1", "127.0.0.1.example")
}

Wrong = tuple[str, str, dict[str, str]]
"""What is wrong for a reader, the setting to be named, the variables."""


def wrong_settings(folder: Path) -> Iterator[Wrong]:
    """Yield everything that must not start; files of secrets lie in `folder`."""
    for name in CRONS:
        for value in CRON:
            yield f"{name}={value!r}", name, {name: value}
    for name, values in VALUES.items():
        for value in values:
            yield f"{name}={value[:60]!r}", name, {name: value}
    for name in NAMES:
        yield f"{name}=x", name, {name: "x"}
    for words, variables in CLEAR.items():
        yield words, "RELANCE_MAIL__TLS", variables
    yield from _files(folder)


def _files(folder: Path) -> Iterator[Wrong]:
    directory = "RELANCE_SECRETS_DIR"
    contents = {
        "RELANCE_PRIVACY__LINK_KEi": SECRET.encode() * 4,
        "password": SECRET.encode(),
        LINK_KEY: b"\xff\xfe" + SECRET.encode(),
        "RELANCE_MAIL__PORT": SECRET.encode(),
    }
    for number, (name, content) in enumerate(contents.items()):
        place = folder / f"secrets-{number}"
        place.mkdir()
        (place / name).write_bytes(content)
        yield f"a file {name}", name, {directory: os.fspath(place)}
    yield "a folder that is not there", directory, {directory: os.fspath(folder / "nowhere")}
    yield "a folder that is a file", directory, {directory: os.fspath(folder / "secrets-1" / "password")}


async def cases(stage: Stage) -> list[Case]:
    """Run a command with each, and a worker with one of every setting."""
    folder = stage.folder / "settings"
    folder.mkdir()
    async with stage.installation() as own:
        every = list(wrong_settings(folder))
        first = list({setting: one for one in reversed(every) for setting in [one[1]]}.values())
        commands = await at_once([partial(asyncio.to_thread, _command, own, one) for one in every])
        workers = await at_once([partial(asyncio.to_thread, _worker, own, one) for one in first[::3]])
    return [*commands, *workers]


def _whole(own: Installation, changed: Mapping[str, str]) -> dict[str, str]:
    whole = {**os.environ, **own.environment, **changed}
    # A file counts only where no variable does.
    from_files = "RELANCE_SECRETS_DIR" in changed
    return {
        name: value for name, value in whole.items() if not (from_files and name in {LINK_KEY, "RELANCE_MAIL__PORT"})
    }


def _command(own: Installation, wrong: Wrong) -> Case:
    words, setting, changed = wrong
    done = preloaded_starter.run(STARTER, _whole(own, changed), LIMIT_S)
    return Case(words, refusal(done, setting, [SECRET]))


def _worker(own: Installation, wrong: Wrong) -> Case:
    words, setting, changed = wrong
    found = accepted(setting, ["worker.py"], _whole(own, changed))
    return Case(f"worker: {words}", found)


FIGURE = Figure("bad_settings_accepted", "D", "starts with a name or a value that cannot be meant", cases)
