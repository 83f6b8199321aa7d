"""DKIM: is the key of a selector published, and is it one that receivers take (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.dkim_keys import UnreadableKey, read_key
from relance.domain.mail_setup.findings import fine, unknown, warning, wrong
from relance.domain.mail_setup.records import DnsAnswer, LookupState, RecordKind, Records
from relance.domain.mail_setup.tags import read_tags

PART = "DKIM"
SHORTEST_BITS, GOOD_BITS = 1024, 2048
"""RFC 8301: a signature by a shorter key counts as none; signers should use at least the second."""
KINDS = frozenset({"rsa", "ed25519"})


def judge_dkim(records: Records, domain: str, selectors: Sequence[str]) -> list[CheckFinding]:
    """Judge the keys of these selectors of the From domain; without any, whether keys seem to be published at all.

    A selector of another domain is written `selector@domain`.
    """
    if not selectors:
        return [_any(records, domain)]
    asked = [(selector.partition("@")[0], selector.partition("@")[2] or domain) for selector in selectors]
    judged = [(name, list(_selector(records, *name))) for name in asked]
    findings = [finding for _, found in judged for finding in found]
    return [*findings, *_only_ed25519(records, asked)]


def _any(records: Records, domain: str) -> CheckFinding:
    answer = records.ask(f"_domainkey.{domain}", RecordKind.TXT)
    remedy = "repeat with --selector NAME (s= of the DKIM-Signature), or with --message FILE.eml of a received mail"
    if answer.state is LookupState.FAILED:
        return unknown(PART, f"_domainkey.{domain}: {answer.reason}")
    if answer.state is LookupState.NO_NAME:
        # A name that does not exist has nothing below it (RFC 8020).
        publish = (
            f'have the relay sign with d={domain} and publish: <selector>._domainkey.{domain}. TXT "v=DKIM1; p=..."'
        )
        return wrong(PART, f"no key is published below _domainkey.{domain}", publish)
    return warning(PART, f"something is published below _domainkey.{domain}, under a selector not known here", remedy)


def _selector(records: Records, selector: str, domain: str) -> Iterator[CheckFinding]:
    name = f"{selector}._domainkey.{domain}"
    answer = records.ask(name, RecordKind.TXT)
    if answer.state is LookupState.PENDING:
        return
    if answer.state is LookupState.FAILED:
        yield unknown(PART, f"{name}: {answer.reason}")
        return
    if answer.is_void:
        yield wrong(PART, f"{name} has no key{_led(answer)}", f'publish: {name}. TXT "v=DKIM1; k=rsa; p=<public key>"')
        return
    if len(answer.values) > 1:
        detail = f"{name} has {len(answer.values)} TXT records; which of them counts is undefined"
        yield wrong(PART, detail, "leave the one with the key in use; give another key a selector of its own")
        return
    yield from _key(name, answer.values[0], _led(answer))


def _led(answer: DnsAnswer) -> str:
    return f" (through a CNAME to {answer.alias})" if answer.alias else ""


def _key(name: str, text: str, led: str) -> Iterator[CheckFinding]:
    found = read_tags(text)
    tags = found.tags
    kind = tags.get("k", "rsa").lower()
    fault = _fault(found.fault, tags, kind)
    if fault:
        yield wrong(PART, f"{name}{led}: {fault}", 'publish it as "v=DKIM1; k=rsa; p=<public key>"')
        return
    if not tags["p"]:
        yield wrong(PART, f"the key of {name} is revoked (p= is empty){led}", "sign with another selector's key")
        return
    try:
        key = read_key(kind, tags["p"])
    except UnreadableKey as error:
        yield wrong(PART, f"the key of {name} cannot be read: {error}{led}", _WHOLE)
        return
    if kind == "rsa" and key.bits < SHORTEST_BITS:
        remedy = f"make a key of {GOOD_BITS} bits, and publish it under a new selector"
        yield wrong(PART, f"the key of {name} has {key.bits} bits; receivers ignore it (RFC 8301){led}", remedy)
    elif kind == "rsa" and key.bits < GOOD_BITS:
        remedy = f"make a key of {GOOD_BITS} bits, and publish it under a new selector"
        yield warning(PART, f"the key of {name} has {key.bits} bits, which is short{led}", remedy)
    else:
        yield fine(PART, f"{name} holds a key: {kind}, {key.bits} bits{led}")
    if "y" in _listed(tags.get("t", "")):
        yield warning(PART, f"{name} says t=y: receivers treat its mails as unsigned", "remove t=y from the record")


_WHOLE = "publish the whole key; a text of more than 255 characters is several strings of one TXT record"


def _fault(fault: str, tags: dict[str, str], kind: str) -> str:
    hashes, services = tags.get("h", "sha256"), tags.get("s", "*")
    version_fits = "v" not in tags or (tags["v"] == "DKIM1" and next(iter(tags)) == "v")
    faults = (
        (bool(fault), f"it cannot be read: {fault}"),
        (not version_fits, "v= must be DKIM1 and come first"),
        ("p" not in tags, "it holds no key (p=)"),
        (kind not in KINDS, f"k={kind} is no kind of key receivers know"),
        ("sha256" not in _listed(hashes), f"h={hashes} excludes sha256, which signatures are made with"),
        (not {"*", "email"} & set(_listed(services)), f"s={services} excludes mail"),
    )
    return next((said for is_so, said in faults if is_so), "")


def _listed(value: str) -> list[str]:
    return [item.strip().lower() for item in value.split(":")]


def _only_ed25519(records: Records, asked: Sequence[tuple[str, str]]) -> Iterator[CheckFinding]:
    """Warn where every key is of the kind that several large providers do not verify yet."""
    texts = [
        text
        for selector, domain in asked
        for text in records.ask(f"{selector}._domainkey.{domain}", RecordKind.TXT).values
    ]
    kinds = {read_tags(text).tags.get("k", "rsa").lower() for text in texts}
    if kinds == {"ed25519"}:
        remedy = "sign with an RSA key of 2,048 bits too, under a selector of its own"
        yield warning(PART, "all keys are ed25519, which some large providers do not verify", remedy)
