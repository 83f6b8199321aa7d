"""Sample users and contacts: every case once among the first users, then a realistic mix.

Everything is under the reserved top-level domain `.example` (RFC 2606).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from relance.devstack.mailbox.rules import Greylist, Refuse, SmtpStage

GREYLISTED_DOMAIN = "greylist.example"
REFUSED_DOMAIN = "unknown-user.example"

USER_CASES: Mapping[str, Mapping[str, Any]] = {
    "plain French": {},
    "English": {"locale": "en"},
    "last day of the month": {"sendDay": 31},
    "gap hour on 2027-03-28": {"sendDay": 28, "sendTime": "02:30"},
    "New York": {"timezone": "America/New_York"},
    "Kathmandu, in the morning": {"timezone": "Asia/Kathmandu", "sendTime": "09:15"},
    "first on Earth": {"timezone": "Pacific/Kiritimati", "sendDay": 1, "sendTime": "00:00"},
    "invalid zone": {"timezone": "Mars/Olympus_Mons"},
    "invalid day and time": {"sendDay": 45, "sendTime": "25:99"},
    "no reminders": {"reminderSettings": {"enabled": False, "first": True, "second": True}},
    "first reminder only": {"reminderSettings": {"enabled": True, "first": True, "second": False}},
    "second reminder only": {"reminderSettings": {"enabled": True, "first": False, "second": True}},
    "fields of the application": {"plan": "family", "onboarding": {"step": 4}},
    "inactive": {"status": "suspended"},
    "invalid document": {"reminderSettings": "weekly"},
}
"""What sets the first users apart, in their order; the locale of the second is missing too."""

CONTACT_CASES: Mapping[str, Mapping[str, Any]] = {
    "opted out": {"status": "opted_out", "statusReason": "unsubscribed"},
    "bounced": {"status": "bounced", "statusReason": "hard_bounce"},
    "greylisted": {"domain": GREYLISTED_DOMAIN},
    "refused with 5xx": {"domain": REFUSED_DOMAIN},
    "pending": {"status": "pending"},
    "blocked": {"status": "blocked", "statusReason": "complaint"},
    "invalid address": {"email": "not-an-address"},
    "same address twice": {"email": "first of the user"},
    "invalid document": {"status": "maybe"},
    "English": {"locale": "en"},
    "without locale": {"locale": None},
}
"""What sets some contacts of the first users apart."""

# Shares among all further users and contacts. Refused and invalid addresses together stay below the 1 % of SPEC C10.
USER_SHARES: Mapping[str, float] = {
    "English": 0.15,
    "last day of the month": 0.01,
    "New York": 0.02,
    "Kathmandu, in the morning": 0.005,
    "invalid zone": 0.001,
    "no reminders": 0.03,
    "first reminder only": 0.02,
    "inactive": 0.01,
}
CONTACT_SHARES: Mapping[str, float] = {
    "opted out": 0.03,
    "bounced": 0.01,
    "greylisted": 0.005,
    "refused with 5xx": 0.002,
    "pending": 0.01,
    "blocked": 0.002,
    "invalid address": 0.001,
    "same address twice": 0.001,
    "English": 0.15,
    "without locale": 0.05,
}

_STATUS_AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
_DOMAINS = ("mail.example", "courrier.example", "post.example", "poczta.example")
_NAMES = (
    ("camille.durand", "Camille Durand"),
    ("helene.lefevre", "Hélène Lefèvre"),
    ("francois.oneill", "François O'Neill"),
    ("zoe.munoz", "Zoë Muñoz"),
    ("lukasz.zolkiewski", "Łukasz Żółkiewski"),
    ("soren.aagaard", "Søren Ågård"),
    ("nguyen.thi.anh", "Nguyễn Thị Ánh"),
    ("olena.shevchenko", "Олена Шевченко"),
    ("giorgos.nikolaou", "Γιώργος Νικολάου"),
    ("wang.xiaoming", "王小明"),
    ("tanaka.hanako", "田中 花子"),
    ("layla.haddad", "ليلى حداد"),
    ("noa.levi", "נועה לוי"),
    ("priya.sharma", "प्रिया शर्मा"),
    ("anna-maria.weiss", "Anna-Maria Weiß"),
)


def sample_people(users: int, contacts: int, seed: int = 7) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return `users` user documents and `contacts` contact documents for each, the same ones for the same arguments.

    Ids are `u0001` and `c0001-03`. Small numbers have as many of the cases as there is room for.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    awkward = _places(users, contacts)
    user_documents, contact_documents = [], []
    for number in range(1, users + 1):
        user_documents.append(_user(number, chance))
        mine: list[dict[str, Any]] = []
        for position in range(1, contacts + 1):
            case = awkward.get((number, position)) or _drawn(CONTACT_SHARES, chance, number > len(USER_CASES))
            mine.append(_contact(number, position, CONTACT_CASES.get(case, {}), mine, chance))
        contact_documents.extend(mine)
    return user_documents, contact_documents


def awkward_rules() -> list[Greylist | Refuse]:
    """Return the faults that make the mailbox behave as the sample addresses promise."""
    return [
        Greylist(recipient=f"*@{GREYLISTED_DOMAIN}", attempts=1),
        Refuse(stage=SmtpStage.RCPT, recipient=f"*@{REFUSED_DOMAIN}", code=550, text="5.1.1 no such user here"),
    ]


def _places(users: int, contacts: int) -> dict[tuple[int, int], str]:
    """Spread the contact cases over the first users, leaving everybody's first contact plain where there is room."""
    eligible_users = max(1, min(users, list(USER_CASES).index("inactive")))
    first = 2 if contacts > 1 else 1
    cells = ((user, place) for place in range(first, contacts + 1) for user in range(1, eligible_users + 1))
    return dict(zip(cells, CONTACT_CASES, strict=False))


def _drawn(shares: Mapping[str, float], chance: random.Random, wanted: bool) -> str:  # noqa: FBT001
    draw = chance.random()
    for case, share in shares.items() if wanted else ():
        draw -= share
        if draw < 0:
            return case
    return ""


def _user(number: int, chance: random.Random) -> dict[str, Any]:
    cases = list(USER_CASES)
    case = cases[number - 1] if number <= len(cases) else _drawn(USER_SHARES, chance, wanted=True)
    slug, name = chance.choice(_NAMES)
    document: dict[str, Any] = {
        "_id": f"u{number:04d}",
        "email": f"{slug}.u{number}@{chance.choice(_DOMAINS)}",
        "name": name,
        "locale": "fr",
        "status": "active",
    }
    if number == 3:
        del document["locale"]
    return {**document, **USER_CASES.get(case, {})}


def _contact(
    user: int, position: int, case: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], chance: random.Random
) -> dict[str, Any]:
    slug, name = chance.choice(_NAMES)
    domain = case.get("domain", chance.choice(_DOMAINS))
    document: dict[str, Any] = {
        "_id": f"c{user:04d}-{position:02d}",
        "userId": f"u{user:04d}",
        "email": f"{slug}.{user}-{position}@{domain}",
        "name": name,
        "locale": "fr",
        "status": "active",
        "trackingConsent": chance.random() < 0.4,
    }
    document |= {key: value for key, value in case.items() if key != "domain"}
    if document["email"] == CONTACT_CASES["same address twice"]["email"]:
        # Written differently, as people do; it is the same mailbox all the same.
        document["email"] = (earlier[0]["email"] if earlier else document["_id"] + "@mail.example").upper()
    if document["locale"] is None:
        del document["locale"]
    if "statusReason" in document:
        document["statusAt"] = _STATUS_AT
    return document
