"""Tokens nobody made, and links that machines follow: neither does anything (SPEC G2, G5)."""

from __future__ import annotations

import random
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from relance.adapters.tokens import LinkTokens, Purpose
from relance.devstack.mailbox.client import Mailbox
from relance.settings.keyring import Keyring
from relance.settings.privacy import LINK_KEY
from tests.faults.gateway.site import Site, all_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SYMBOLS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
AT_ONCE = 16
OF_THE_FORM = 3
KINDS = range(6)
_LINK = re.compile(r"https?://[^\s\"'<>]+/[fu]/[^\s\"'<>]+")


def forged(
    ids: list[str], tokens: LinkTokens, count: int, chance: random.Random, kinds: Sequence[int] = KINDS
) -> list[str]:
    """Return tokens that are not ours: altered, cut, of another key, of another purpose, of another invitation."""
    foreign = LinkTokens(Keyring(LINK_KEY, (secrets.token_urlsafe(32),)))
    return [_forged(chance.choice(ids), tokens, foreign, chance, kinds[number % len(kinds)]) for number in range(count)]


def _forged(id_: str, tokens: LinkTokens, foreign: LinkTokens, chance: random.Random, kind: int) -> str:
    good = tokens.sign(Purpose.UNSUBSCRIBE, id_)
    place = chance.randrange(len(good))
    if kind == 0:
        other = chance.choice([one for one in SYMBOLS if one != good[place]])
        return good[:place] + other + good[place + 1 :]
    if kind == 1:
        return good[: max(place, 1)]
    if kind == 2:
        return foreign.sign(Purpose.UNSUBSCRIBE, id_)
    if kind == OF_THE_FORM:
        # Of the form: it may not unsubscribe anybody.
        return tokens.sign(Purpose.SUBMIT, id_)
    if kind == 4:
        # The beginning of a token of ours, and the end of another one.
        return tokens.sign(Purpose.UNSUBSCRIBE, id_[:-1] + "x")[: len(good) // 2] + good[len(good) // 2 :]
    return good + chance.choice(SYMBOLS)


async def forged_tokens(site: Site, ids: list[str], count: int, chance: random.Random) -> dict[str, Any]:
    """Post forged tokens to the unsubscribe links and say events by them; return how many were accepted."""
    before = await _state(site)
    links = forged(ids, site.tokens, count // 2, chance)
    # By the token of a form the application may say anything, so that is no forgery there.
    named = forged(ids, site.tokens, count - len(links), chance, [kind for kind in KINDS if kind != OF_THE_FORM])
    said: list[dict[str, Any]] = []
    async with site.browser() as browser, site.api() as api:
        posted = await all_of([browser.post(f"/u/{one}", data=ONE_CLICK) for one in links], AT_ONCE)
        for start in range(0, len(named), 500):
            said += await api.send([{"event": "opted_out", "token": one} for one in named[start : start + 500]])
    statuses = Counter(answer.status_code for answer in posted)
    accepted = sum(one["answer"] in {"taken", "known"} for one in said)
    changed = 0 if await _state(site) == before else 1
    if accepted or changed:
        site.findings.append(f"forged tokens: {accepted} accepted by the API, state changed: {changed}")
    bodies = {(answer.status_code, answer.content) for answer in posted if answer.status_code != 429}
    if len(bodies) > 1:
        site.findings.append(f"forged tokens get {len(bodies)} different answers")
    return {"tried": len(posted) + len(said), "accepted": accepted + changed, "statuses": dict(statuses)}


async def followed_links(site: Site) -> dict[str, Any]:
    """GET and HEAD every link of every mail; return how many contacts that unsubscribed."""
    before = await _state(site)
    links: set[str] = set()
    async with Mailbox(site.installation.stack.mailbox_http) as mailbox:
        numbers = [one.n async for one in mailbox.all_messages()]
        for mail in await all_of([mailbox.message(number) for number in numbers], AT_ONCE):
            texts = [mail.header("List-Unsubscribe") or "", mail.text or "", mail.html or ""]
            links |= {found for text in texts for found in _LINK.findall(text)}
    paths = sorted({urlsplit(one).path for one in links})
    async with site.browser() as browser:
        asked = [browser.request(method, path) for path in paths for method in ("GET", "HEAD")]
        statuses = Counter(answer.status_code for answer in await all_of(asked, AT_ONCE))
    unsubscribed = 0 if await _state(site) == before else 1
    if unsubscribed:
        site.findings.append("following links has changed something")
    if broken := sum(count for status, count in statuses.items() if status >= 400):
        site.findings.append(f"{broken} links of mails lead nowhere")
    return {"mails": len(numbers), "links": len(paths), "statuses": dict(statuses), "unsubscribed": unsubscribed}


async def _state(site: Site) -> dict[str, Any]:
    """Return what must not change: the statuses of contacts and invitations, and who is written to no more."""
    raw = site.installation.database.raw
    return {
        "contacts": await raw.contacts.count_documents({"status": {"$ne": "active"}}),
        "invitations": sorted([(one["_id"], one["status"]) async for one in raw.invitations.find({}, {"status": 1})]),
        "suppressions": await raw.suppressions.count_documents({}),
    }
