"""Input as attackers, editors and broken imports leave it in names and addresses, and what mail of it may be sent."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.mail.site import contact, user

VICTIM = "victim@evil.example"
CALCULATED = "8051"
"""What `{{ 97 * 83 }}` comes to if somebody runs it."""

MEGABYTE = 1_000_000

NAMES = (
    "Léa Dupont",
    f"Eve\r\nBcc: {VICTIM}",
    "Eve\nX-Evil: 1\n\n<script>alert(1)</script>",
    f"Eve\r\n.\r\nRCPT TO:<{VICTIM}>",
    "N\x00U\x00L",
    "\x1b[31mred\x07",
    "\u202egnp.exe\u202c",
    "\u2066isolated\u2069\u2028next line\u2029paragraph",
    "{{ 97 * 83 }}",
    "{% for x in range(9) %}{{ 97 * 83 }}{% endfor %}${97*83}#{97*83}",
    "%(to)b%s%%{0}",
    "<img src=x onerror=alert(1)>&amp;\"'",
    '"quoted" <spoof@evil.example>, other',
    "=?utf-8?q?Bcc=3A_victim?= (comment) \\",
    "👩‍👩‍👧‍👦 🎉 e\u0301\u0301\u0301",
    "ليلى حداد",
    "נועה לוי \u200f\u200e",
    "Ω" * 400,
    "A" * MEGABYTE,
    "\u0301" * 5000,
    " \t ",
    "",
)
"""Names of users (they are in From and Subject) and of contacts (they are in To and in the greeting)."""

GOOD_ADDRESSES: tuple[tuple[str, str], ...] = (
    ("plain{n}@people.example", "plain{n}@people.example"),
    ("o'brien+{n}@people.example", "o'brien+{n}@people.example"),
    ("Upper{n}@PEOPLE.Example", "Upper{n}@people.example"),
    ("jörg{n}@people.example", "jörg{n}@people.example"),
    ("jo\u0308rg-nfd{n}@people.example", "jörg-nfd{n}@people.example"),
    ("用户{n}@people.example", "用户{n}@people.example"),
    ("u{n}@münchen.example", "u{n}@xn--mnchen-3ya.example"),
    ("u{n}@例え.example", "u{n}@xn--r8jz45g.example"),
    ("a{n}@xn--mnchen-3ya.example", "a{n}@xn--mnchen-3ya.example"),
)
"""As typed, and as the envelope needs it: NFC, the domain as A-labels."""

BAD_ADDRESSES = (
    f"u{{n}}@people.example\r\nBcc: {VICTIM}",
    f"u{{n}}@people.example>\r\nRCPT TO:<{VICTIM}",
    f"u{{n}}@people.example, {VICTIM}",
    f"u{{n}}@people.example,{VICTIM}",
    "u{n}\r\n@people.example",
    "u{n}\x00@people.example",
    "u{n}@people\x00.example",
    "\u202eu{n}@people.example",
    "u{n}@people\u202e.example",
    "<u{n}@people.example>",
    "Eve <u{n}@people.example>",
    '"u {n}"@people.example',
    "u{n}@[127.0.0.1]",
    "u{n}",
    "u{n}@",
    "@people.example",
    "u{n}@people..example",
    "u{n}@-people-.example",
    "{{{{ 97 * 83 }}}}{n}@people.example ",
    "u{n}@people.example\n",
    "a" * MEGABYTE + "{n}@people.example",
    "",
)

BROKEN_CONTACTS: tuple[Mapping[str, Any], ...] = (
    {"name": 7},
    {"name": ["a", "list"]},
    {"email": {"$ne": None}},
    {"email": 12.5},
    {"status": "whatever"},
    {"status": "active\r\n"},
    {"locale": 12},
    {"_id": "evil\r\nid"},
    {"_id": "dots.and/slashes"},
    {"_id": "x" * 65},
)
BROKEN_USERS: tuple[Mapping[str, Any], ...] = ({"name": 3.5}, {"name": ["Ann"]}, {"reminderSettings": "weekly"})


class Poison:
    """Documents of so many contacts; `envelopes` are the addresses that must get a mail, by contact id."""

    def __init__(self, contacts: int, seed: int) -> None:
        chance = random.Random(seed)
        self.envelopes: dict[str, str] = {}
        self.skipped: list[str] = []
        self.contacts = [self._contact(number, chance) for number in range(contacts)]
        owners = sorted({one["userId"] for one in self.contacts})
        self.users = [user(one, name=NAMES[number % len(NAMES)]) for number, one in enumerate(owners)]
        self.broken_contacts = list(self._broken_contacts(contacts, owners[0]))
        self.broken_users = [{**user(f"broken{number}"), **fields} for number, fields in enumerate(BROKEN_USERS)]
        # Their contacts are all right, but nobody invites them.
        first = contacts + len(self.broken_contacts)
        self.orphans = [
            {**contact(first + number), "_id": f"orphan{number}", "userId": one["_id"]}
            for number, one in enumerate(self.broken_users)
        ]

    def _contact(self, number: int, chance: random.Random) -> dict[str, Any]:
        name = chance.choice(NAMES) if chance.random() < 0.7 else "".join(chance.sample(NAMES[:16], 3))
        good = number % 2 == 0
        kind = number // 2
        typed, envelope = GOOD_ADDRESSES[kind % len(GOOD_ADDRESSES)]
        if not good:
            typed = BAD_ADDRESSES[kind % len(BAD_ADDRESSES)]
        document = contact(number, name=name, locale=chance.choice(["fr", "en", "\r\nX-Evil: 1", "xx" * 1000, ""]))
        document["email"] = typed.format(n=number)
        if good:
            self.envelopes[document["_id"]] = envelope.format(n=number)
        else:
            self.skipped.append(document["_id"])
        return document

    @staticmethod
    def _broken_contacts(first: int, owner: str) -> Iterator[dict[str, Any]]:
        for number, fields in enumerate(BROKEN_CONTACTS, start=first):
            yield {**contact(number), "_id": f"{owner}broken{number}", "userId": owner, **fields}
