"""Names and addresses full of what should never be in a mail."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from relance.devstack.mailbox.models import Accepted
from relance.domain.invitations.invitation import InvitationStatus
from tests.faults.evidence import Evidence
from tests.faults.mail.parsed import findings, header_names
from tests.faults.mail.poison_input import NAMES, Poison
from tests.faults.mail.report import Report
from tests.faults.mail.site import Site, invitation_of, opened
from tests.faults.mail.trial import Trial, closed, tried
from tests.faults.scenario import Say, Scenario, positive
from tests.support.expectation import Expectation

PERIOD = "2026-11"
SHOWN = 10


async def _run(arguments: Namespace, say: Say) -> Report:
    begun = time.monotonic()
    poison = Poison(arguments.cases, arguments.seed)
    async with opened("poison", say) as site:
        site.users = [one["_id"] for one in poison.users]
        await site.installation.load(
            [*poison.users, *poison.broken_users], [*poison.contacts, *poison.broken_contacts, *poison.orphans]
        )
        await site.installation.start_worker()
        evidence = await tried(site, PERIOD, between=_nothing)
        say(f"parsing {len(evidence.accepted)} mails")
        wrong = await _wrong_mails(site, evidence.accepted)
        figures, problems = await _judged(site, poison, evidence, wrong)
        trials = await closed(site, [Trial("poison", evidence, _expected(poison), figures, problems)])
    return Report(trials, time.monotonic() - begun, figures)


async def _nothing() -> None:
    pass


def _expected(poison: Poison) -> Expectation:
    by_id = {one["_id"]: one for one in poison.contacts}
    return Expectation(
        {address.casefold(): invitation_of(PERIOD, by_id[one]) for one, address in poison.envelopes.items()}, {}
    )


async def _wrong_mails(site: Site, mails: Sequence[Accepted]) -> dict[int, list[str]]:
    """Return what is wrong with each mail; a plain one shows which headers there are."""
    plain = next(mail for mail in mails if mail.to[0].startswith("plain"))
    names = header_names(await site.mailbox.raw(plain.n))
    found: dict[int, list[str]] = {}
    for mail in mails:
        problems = list(findings(await site.mailbox.raw(mail.n), mail.to[0], names))
        if len(mail.to) != 1:
            problems.append(f"it went to {len(mail.to)} recipients")
        if problems:
            found[mail.n] = problems
    return found


async def _judged(
    site: Site, poison: Poison, evidence: Evidence, wrong: dict[int, list[str]]
) -> tuple[dict[str, Any], list[str]]:
    raw = site.installation.database.raw
    reasons = {one["_id"]: one["reason"] async for one in raw.quarantine.find({})}
    broken = [
        *(f"contacts.{one['_id']}" for one in poison.broken_contacts),
        *(f"users.{one['_id']}" for one in poison.broken_users),
    ]
    by_id = {one["_id"]: one for one in poison.contacts}
    entries = [evidence.entries[invitation_of(PERIOD, by_id[one])] for one in poison.skipped]
    unexplained = [one for one in entries if one.status is not InvitationStatus.SKIPPED or not one.reason]
    worker = site.installation.workers[-1]
    crashes = int(not worker.server.running) + worker.output.count("Traceback (most recent call last)")
    figures = {
        "cases": len(poison.contacts),
        "names": len(NAMES),
        "mails_parsed": len(evidence.accepted),
        "header_injections": len(wrong),
        "crashes": crashes,
        "skipped": len(entries) - len(unexplained),
        "quarantined": len(reasons),
    }
    problems = [f"mail {n}: {', '.join(texts)}" for n, texts in list(wrong.items())[:SHOWN]]
    problems += [f"the worker crashed or logged a traceback {crashes} times"] * bool(crashes)
    problems += [f"{one.id} is {one.status} without a reason" for one in unexplained[:SHOWN]]
    if set(reasons) != set(broken) or not all(reasons.values()):
        problems.append(f"{len(reasons)} documents were quarantined, {len(broken)} are broken")
    return figures, problems


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--cases", type=positive, default=400, help="contacts; half of them have no valid address")
    parser.add_argument("--seed", type=int, default=1, help="for who has which name")


POISON = Scenario("poison", "names and addresses full of what should never be in a mail", _declare, _run)
