"""DMARC of the From domain: its policy, its reports, and whether our bounce domain belongs to it (RFC 9989)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.domains import (
    aligned,
    dmarc_records,
    is_dmarc,
    organizational_domain,
    policy_domain,
    unanswered,
)
from relance.domain.mail_setup.findings import fine, unknown, warning, wrong
from relance.domain.mail_setup.records import LookupState, RecordKind, Records

PART = "DMARC"
POLICIES = frozenset({"none", "quarantine", "reject"})
_MAILTO = re.compile(r"mailto:[^@\s,!]+@(?P<domain>[^@\s,!]+)(?:!\d+[kmgt]?)?\Z", re.IGNORECASE)


def judge_dmarc(records: Records, author: str, bounce: str) -> list[CheckFinding]:
    """Judge the record that holds for mails from `author`, and the alignment of the envelope sender's domain."""
    if reason := unanswered(records, author):
        return [unknown(PART, reason)]
    publisher = policy_domain(records, author)
    if publisher is None:
        return [_missing(records, author)]
    found = dmarc_records(records, publisher)
    if len(found) > 1:
        detail = f"_dmarc.{publisher} has {len(found)} DMARC records, so none counts"
        return [wrong(PART, detail, "leave one of them")]
    if found[0].fault:
        detail = f"the record of _dmarc.{publisher} cannot be read: {found[0].fault}"
        return [wrong(PART, detail, f'publish: _dmarc.{publisher}. TXT "{_suggested(publisher)}"')]
    tags = {name.lower(): value for name, value in found[0].tags.items()}
    return [
        *_of_policy(publisher, author, tags),
        *_of_modes(publisher, tags),
        *_of_reports(records, publisher, tags),
        *_of_alignment(records, author, bounce, tags),
    ]


def strict(tags: dict[str, str], tag: str) -> bool:
    """Return whether `adkim` or `aspf` asks for equal domains."""
    return tags.get(tag, "r").lower() == "s"


def tags_for(records: Records, author: str) -> dict[str, str]:
    """Return the tags that hold for mails from a domain; empty where no single record does."""
    publisher = policy_domain(records, author)
    found = dmarc_records(records, publisher) if publisher else []
    return {name.lower(): value for name, value in found[0].tags.items()} if len(found) == 1 else {}


def _missing(records: Records, author: str) -> CheckFinding:
    others = records.ask(f"_dmarc.{author}", RecordKind.TXT).values
    almost = next((text for text in others if "dmarc" in text.lower() and not is_dmarc(text)), None)
    detail = f"neither {author} nor a domain above it has a DMARC record; large providers ask bulk senders for it"
    if almost:
        detail = f"_dmarc.{author} holds {almost[:60]!r}, which does not begin with v=DMARC1 and so is no DMARC record"
    return wrong(PART, detail, f'publish: _dmarc.{author}. TXT "{_suggested(author)}"')


def _suggested(domain: str) -> str:
    return f"v=DMARC1; p=quarantine; rua=mailto:dmarc@{domain}"


def _of_policy(publisher: str, author: str, tags: dict[str, str]) -> Iterator[CheckFinding]:
    # Without `p` it is none (RFC 9989); `sp` holds for subdomains of the publisher, if it is there.
    stated = "sp" if author != publisher and "sp" in tags else "p"
    policy = tags.get(stated, "none").lower()
    if policy not in POLICIES:
        detail = f"{stated}={policy} of _dmarc.{publisher} is no policy, so the record may not count"
        yield wrong(PART, detail, f"set {stated}= to quarantine or reject")
    elif policy == "none":
        named = f"{stated}=none" if stated in tags else "no p="
        remedy = f"once the reports show our mails pass, set {stated}=quarantine"
        yield warning(PART, f"_dmarc.{publisher} asks nobody to act on forged mails ({named})", remedy)
    else:
        yield fine(PART, f"_dmarc.{publisher}: {stated}={policy} holds for mails from {author}")
    if "p" not in tags:
        yield warning(PART, f"the record of _dmarc.{publisher} has no p=, which older receivers need", "add p=")


def _of_modes(publisher: str, tags: dict[str, str]) -> Iterator[CheckFinding]:
    if tags.get("t", "n").lower() == "y":
        yield warning(PART, f"_dmarc.{publisher} is on trial (t=y): the policy is applied weaker", "remove t=y")
    if "pct" in tags and tags["pct"] != "100":
        detail = (
            f"pct={tags['pct']} of _dmarc.{publisher} no longer has a meaning (RFC 9989); older receivers act on it"
        )
        yield warning(PART, detail, "remove pct=; for a trial use t=y")
    for tag in ("adkim", "aspf"):
        if tags.get(tag, "r").lower() not in {"r", "s"}:
            yield warning(
                PART, f"{tag}={tags[tag]} of _dmarc.{publisher} is neither r nor s; r is taken", f"set {tag}=r"
            )


def _of_reports(records: Records, publisher: str, tags: dict[str, str]) -> Iterator[CheckFinding]:
    if not tags.get("rua"):
        remedy = f"add rua=mailto:dmarc@{publisher}"
        yield warning(PART, f"_dmarc.{publisher} asks for no reports: nobody sees what fails", remedy)
        return
    for uri in tags["rua"].split(","):
        found = _MAILTO.match(uri.strip())
        if found is None:
            yield warning(PART, f"reports cannot be sent to {uri.strip()[:60]!r}", "write rua=mailto:name@domain")
            continue
        receiver = found["domain"].lower()
        if organizational_domain(records, receiver) != organizational_domain(records, publisher):
            yield from _of_foreign_receiver(records, publisher, receiver)


def _of_foreign_receiver(records: Records, publisher: str, receiver: str) -> Iterator[CheckFinding]:
    name = f"{publisher}._report._dmarc.{receiver}"
    answer = records.ask(name, RecordKind.TXT)
    if answer.state is LookupState.FAILED:
        yield unknown(PART, f"{name}: {answer.reason}")
    elif answer.state is not LookupState.PENDING and not any(is_dmarc(text) for text in answer.values):
        detail = f"{receiver} has not agreed to get the reports of {publisher}, so none is sent there"
        yield warning(PART, detail, f'have its owner publish: {name}. TXT "v=DMARC1"')


def _of_alignment(records: Records, author: str, bounce: str, tags: dict[str, str]) -> Iterator[CheckFinding]:
    if aligned(records, bounce, author, strict=strict(tags, "aspf")):
        yield fine("alignment", f"SPF counts for DMARC: {bounce} belongs to {author}")
        return
    why = "aspf=s asks for the same domain" if strict(tags, "aspf") else "they have no organizational domain in common"
    detail = f"SPF does not count for DMARC: {bounce} is not aligned with {author} ({why}); all depends on DKIM"
    remedy = "remove aspf=s" if strict(tags, "aspf") else f"set RELANCE_MAIL__BOUNCE_DOMAIN below {author}"
    yield warning("alignment", detail, remedy)
