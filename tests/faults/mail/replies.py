"""A table of replies: what is refused for now arrives later, what is refused for good ends in the right class."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relance.devstack.mailbox.rules import Greylist, Refuse
from relance.domain.invitations.invitation import Invitation
from tests.faults.mail.reply_table import ANYWHERE, FINAL, TEMPORARY, Final
from tests.faults.mail.report import Report
from tests.faults.mail.site import contact, invitation_of, opened
from tests.faults.mail.trial import Trial, closed, expected_of, stopped, tried
from tests.faults.scenario import Say, Scenario, positive

PERIOD = "2026-11"
PERMANENT = 500
RULES: list[Refuse | Greylist] = [*(row.rule for row in TEMPORARY), *(row.rule for row in FINAL)]

Documents = Sequence[Mapping[str, Any]]


async def _run(arguments: Namespace, say: Say) -> Report:
    begun = time.monotonic()
    async with opened("smtp-replies", say) as site:
        contacts = list(_contacts(arguments.mails))
        await site.populate(contacts)
        for rule in [*ANYWHERE, *RULES]:
            await site.mailbox.add_rule(rule)
        await site.installation.start_worker()
        refused: dict[str, int] = {}

        async def calm_down() -> None:
            """Let the providers take mails again; a new worker does not remember the pauses they asked for.

            The follow-ups' clocks are moved forward and the workers' own are not, and one pause is of half an hour.
            """
            refused.update(
                {str(rule["text"]): rule["applied"] for rule in await site.mailbox.rules() if "text" in rule}
            )
            refused["greylisted"] = sum(r["applied"] for r in await site.mailbox.rules() if r["action"] == "greylist")
            await site.mailbox.clear_rules()
            for rule in RULES:
                if isinstance(rule, Greylist) or rule.code >= PERMANENT:
                    await site.mailbox.add_rule(rule)
            await stopped(site)
            await site.installation.start_worker()

        evidence = await tried(site, PERIOD, between=calm_down)
        statuses = {one["_id"]: one["status"] async for one in site.installation.database.raw.contacts.find({})}
        expected = expected_of(PERIOD, contacts, lambda one: _domain(one) in {row.domain for row in FINAL})
        problems = [
            *(f"nobody was told {text!r}" for text, count in refused.items() if not count),
            *_misjudged(contacts, evidence.entries, statuses),
        ]
        figures = {
            "temporary_replies": len(TEMPORARY) + len(ANYWHERE),
            "final_replies": len(FINAL),
            "bounced_by_policy": sum(
                statuses[one["_id"]] == "bounced" for row in FINAL if row.is_policy for one in _of(contacts, row)
            ),
            "failed": dict(evidence.result.failed),
            "later_delivered": sum(
                entry.attempts > 1 and entry.sent_at is not None for entry in evidence.entries.values()
            ),
            "refusals": sum(refused.values()),
        }
        trials = await closed(site, [Trial("replies", evidence, expected, figures, problems)])
    return Report(trials, time.monotonic() - begun, figures)


def _contacts(mails: int) -> Iterator[dict[str, Any]]:
    domains = [row.domain for row in (*TEMPORARY, *FINAL)] + ["people.example"]
    for number in range(mails * len(domains)):
        yield contact(number, f"c{number}@{domains[number % len(domains)]}")


def _domain(document: Mapping[str, Any]) -> str:
    return str(document["email"]).rpartition("@")[2]


def _of(contacts: Documents, row: Final) -> Documents:
    return [one for one in contacts if _domain(one) == row.domain]


def _misjudged(contacts: Documents, entries: Mapping[str, Invitation], statuses: Mapping[str, str]) -> Iterator[str]:
    for row in FINAL:
        its = _of(contacts, row)
        errors = [entries[invitation_of(PERIOD, one)].last_error for one in its]
        classes = Counter(error.class_ if error else "none" for error in errors)
        if classes.keys() != {row.class_}:
            yield f"{row.code} {row.text!r} is {row.class_}, not {', '.join(classes)}"
        bounced = sum(statuses[one["_id"]] == "bounced" for one in its)
        if bounced != (len(its) if row.bounced else 0):
            yield f"{row.code} {row.text!r} bounced {bounced} of {len(its)} contacts"
    spared = [one for one in contacts if _domain(one) not in {row.domain for row in FINAL}]
    if touched := sum(statuses[one["_id"]] != "active" for one in spared):
        yield f"{touched} contacts who were refused for now are not active any more"


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--mails", type=positive, default=8, help="contacts of each domain; there is one for each reply"
    )


SMTP_REPLIES = Scenario("smtp-replies", "4xx and 5xx replies of every kind, by recipient domain", _declare, _run)
