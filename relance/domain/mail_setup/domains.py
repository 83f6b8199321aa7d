"""Domains and how they belong together: the organizational domain by the DNS tree walk (RFC 9989 section 4.10)."""

from __future__ import annotations

from relance.domain.mail_setup.records import LookupState, RecordKind, Records
from relance.domain.mail_setup.tags import TagList, read_tags

MOST_LABELS, LABELS_AFTER_FIRST = 8, 7
"""A longer name is asked for itself, then from its last seven labels on, so that nobody is made to ask for long."""


def dmarc_records(records: Records, domain: str) -> list[TagList]:
    """Return the DMARC records of exactly this domain; whatever else stands there is none."""
    texts = records.ask(f"_dmarc.{domain}", RecordKind.TXT).values
    return [read_tags(text) for text in texts if is_dmarc(text)]


def is_dmarc(text: str) -> bool:
    """Return whether a text is meant as a DMARC record: it begins with the version."""
    return text.replace(" ", "").split(";")[0] == "v=DMARC1"


def walk(domain: str) -> list[str]:
    """Return the domains a tree walk asks about, in order."""
    labels = domain.split(".")
    asked = [domain]
    labels = labels[-LABELS_AFTER_FIRST:] if len(labels) > MOST_LABELS else labels[1:]
    while labels:
        asked.append(".".join(labels))
        labels = labels[1:]
    return asked


def organizational_domain(records: Records, domain: str) -> str:
    """Return the organizational domain of a domain, which is itself where no DMARC record says otherwise."""
    with_record: list[str] = []
    for asked in walk(domain):
        found = dmarc_records(records, asked)
        if len(found) != 1:
            continue
        psd = found[0].tags.get("psd", "u").lower()
        if psd == "n":
            return asked
        if psd == "y" and asked != domain:
            below = len(asked.split(".")) + 1
            return ".".join(domain.split(".")[-below:])
        with_record.append(asked)
    return with_record[-1] if with_record else domain


def policy_domain(records: Records, domain: str) -> str | None:
    """Return the domain whose DMARC record holds for mails from a domain; None if there is none."""
    organization = organizational_domain(records, domain)
    return next((name for name in dict.fromkeys((domain, organization)) if dmarc_records(records, name)), None)


def unanswered(records: Records, domain: str) -> str:
    """Return why the DMARC record of a domain or of a parent could not be looked up, or nothing."""
    for asked in walk(domain):
        answer = records.ask(f"_dmarc.{asked}", RecordKind.TXT)
        if answer.state is LookupState.FAILED:
            return f"_dmarc.{asked}: {answer.reason}"
    return ""


def aligned(records: Records, domain: str, author: str, *, strict: bool) -> bool:
    """Return whether a domain that was authenticated belongs to the From domain (RFC 9989)."""
    if domain == author:
        return True
    return not strict and organizational_domain(records, domain) == organizational_domain(records, author)
