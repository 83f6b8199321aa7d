"""What is planted: every name, address and secret is a word of its own, so that a hit says what it was and whose."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARK = "qzx"
PERIOD, NEXT_PERIOD = "2026-11", "2026-12"
DOMAIN = "people.example"
CLICKS, BOUNCES, RAISES, FORGOTTEN = "clicks", "bounces", "raises", "forgotten"
ROLES = (FORGOTTEN, CLICKS, BOUNCES, RAISES)


@dataclass
class Planted:
    """Words by what they are; `persons` by whom they belong to."""

    words: dict[str, str] = field(default_factory=dict)
    persons: dict[str, list[str]] = field(default_factory=dict)

    def word(self, what: str, person: str | None = None) -> str:
        """Return a new word."""
        made = f"{MARK}{secrets.token_hex(8)}"
        self.words[made] = what
        if person is not None:
            self.persons.setdefault(person, []).append(made)
        return made


def plant_people(planted: Planted) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return two users with four contacts each, in the order of `ROLES`."""
    users: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    for user in ("u0", "u1"):
        users.append(
            {
                "_id": user,
                "name": planted.word("name of a user", user),
                "email": f"{planted.word('address of a user', user)}@users.example",
                "status": "active",
            }
        )
        for role in ROLES:
            contact = f"{user}{role}"
            contacts.append(
                {
                    "_id": contact,
                    "userId": user,
                    "name": planted.word("name of a contact", contact),
                    "email": f"{planted.word('address of a contact', contact)}@{DOMAIN}",
                    "status": "active",
                }
            )
    return users, contacts


def plant_secrets(planted: Planted) -> dict[str, str]:
    """Return settings of every kind of secret that a process can be given without a server of its own."""

    def signing(what: str) -> str:
        word = planted.word(what)
        coded = base64.b64encode(f"{word}{word}".encode()).decode()
        planted.words[coded[:24]] = what
        return f"whsec_{coded}"

    def long(what: str) -> str:
        return f"{planted.word(what)}-{secrets.token_hex(16)}"

    return {
        "RELANCE_PRIVACY__SUPPRESSION_KEY": long("suppression key"),
        "RELANCE_PRIVACY__LINK_KEY": long("link key"),
        "RELANCE_MAIL__USERNAME": "relance",
        "RELANCE_MAIL__PASSWORD": planted.word("password of the relay"),
        "RELANCE_GATEWAY__SIGNING_SECRETS": signing("signing secret of the application"),
        "RELANCE_GATEWAY__API_KEYS": long("key of the API"),
        "RELANCE_INTAKE__POSTMARK_AUTH": f"postmark:{planted.word('password of Postmark')}",
        "RELANCE_INTAKE__MAILGUN_KEY": planted.word("key of Mailgun"),
        "RELANCE_INTAKE__NEUTRAL_SECRETS": signing("signing secret of a relay"),
        "RELANCE_CHANNELS__WEBHOOK_SECRETS": signing("signing secret of a channel"),
        "RELANCE_CHANNELS__SLACK_SIGNING_SECRET": long("signing secret of Slack"),
        "RELANCE_GATEWAY__CODEC_TOKENS": long("token of the codec"),
        "RELANCE_CHANNELS__TEAMS_URL": f"https://teams.example/{planted.word('address of Teams')}",
    }


_LIKE_TEAMS = "an address as that of Teams, in the same list"
NOT_PLANTED = {
    "mongo.uri": "the command line is tried with one with a password, at which nobody answers",
    "mongo.password": "it needs a server that asks for one",
    "everflow.api_key": "the stub knows one key, which is published",
    "channels.slack_url": "the stub's address has no secret in it",
    "channels.webhook_url": _LIKE_TEAMS,
    "channels.apprise_url": _LIKE_TEAMS,
    "channels.recipients": _LIKE_TEAMS,
    "watchdog.deadman_url": _LIKE_TEAMS,
    "console.client_secret": "it needs a provider that answers",
    "intake.sendgrid_key": "a public key",
    "privacy.codec_key": "with it Temporal's files would show nothing of what leaks into them",
}
"""Settings with a secret that a run has none of, and why."""

RAISING = '''
"""Lets the first mails to one contact fail with an error that quotes the person."""
import os
from pathlib import Path

if "worker.py" in " ".join(__import__("sys").orig_argv):
    from relance.rendering import mail

    write = mail.MailRenderer.write

    def raising(self, letter):
        marks = Path(os.environ["CANARY_FOLDER"])
        before = len(list(marks.glob("raised-*")))
        if letter.invitation_id.endswith("raises") and before < int(os.environ.get("CANARY_RAISES", "2")):
            (marks / f"raised-{os.getpid()}-{before}").touch()
            raise RuntimeError(f"cannot greet {letter.to_name} <{letter.to_address}>")
        return write(self, letter)

    mail.MailRenderer.write = raising
'''


def plant_error(folder: Path) -> dict[str, str]:
    """Return the environment in which a worker's first mails to one contact fail with an error that quotes him."""
    place = folder / "raising"
    place.mkdir()
    (place / "sitecustomize.py").write_text(RAISING, encoding="utf-8")
    return {"PYTHONPATH": f"{place}:{Path(__file__).parents[2]}", "CANARY_FOLDER": str(place)}
