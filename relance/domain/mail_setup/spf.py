"""SPF of the bounce domain: may our relay send in its name, and does the record hold (RFC 7208)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.findings import fine, unknown, warning, wrong
from relance.domain.mail_setup.records import LookupState, RecordKind, Records
from relance.domain.mail_setup.spf_check import MOST_LOOKUPS, SpfCheck, SpfResult
from relance.domain.mail_setup.spf_macros import SpfSender, has_macros
from relance.domain.mail_setup.spf_record import LOOKING_UP, SpfRecord, is_spf, read_spf

PART = "SPF"
LOCAL_PART = "bounce"
COUNTED = 30
LONGEST_TEXT = 450
"""Characters of a record beyond which its answer may not fit into 512 bytes (RFC 7208 section 3.4)."""


def judge_spf(records: Records, domain: str, addresses: Sequence[str]) -> list[CheckFinding]:
    """Judge the record of the envelope sender's domain for each address our mails come from.

    `addresses` may be empty: then only the record is judged.
    """
    answer = records.ask(domain, RecordKind.TXT)
    if answer.state is LookupState.FAILED:
        return [unknown(PART, f"{domain}: {answer.reason}")]
    texts = [text for text in answer.values if is_spf(text)]
    if not texts:
        return [_missing(domain, addresses, answer.values)]
    if len(texts) > 1:
        detail = f"{domain} has {len(texts)} SPF records, which counts as an error (permerror)"
        return [wrong(PART, detail, f"publish one TXT record that holds the terms of all: {_merged(texts)}")]
    record = read_spf(texts[0])
    if record.faults:
        detail = f"the record of {domain} cannot be read: {'; '.join(record.faults)}"
        return [wrong(PART, detail, f"correct it; it reads now: {texts[0]}")]
    return [*_of_the_record(records, domain, texts[0], record), *_of_addresses(records, domain, addresses)]


def _missing(domain: str, addresses: Sequence[str], others: Sequence[str]) -> CheckFinding:
    almost = next((text for text in others if text.strip(' "').lower().startswith(("v=spf", "spf"))), None)
    detail = f"{domain} has no SPF record" + (f"; {almost[:60]!r} is none" if almost else "")
    return wrong(PART, detail, f'publish: {domain}. TXT "{_suggested(addresses)}"')


def _suggested(addresses: Sequence[str]) -> str:
    terms = [f"ip{ip_address(address).version}:{address}" for address in addresses] or [
        "include:<what your relay names>"
    ]
    return " ".join(["v=spf1", *terms, "-all"])


def _merged(texts: Sequence[str]) -> str:
    words = list(dict.fromkeys(word for text in texts for word in text.split()[1:]))
    last = [word for word in words if word.lower().lstrip("+-~?") == "all"]
    return " ".join(["v=spf1", *(word for word in words if word not in last), *last[-1:]])


def _of_the_record(records: Records, domain: str, text: str, record: SpfRecord) -> Iterator[CheckFinding]:
    if record.catch_all == "+":
        yield wrong(
            PART, f"+all of {domain} lets anyone send in its name; providers distrust it", "end the record with -all"
        )
    elif record.catch_all == "?" or (record.catch_all is None and record.redirect is None):
        yield warning(PART, f"the record of {domain} says nothing about foreign senders", "end it with -all (or ~all)")
    if any(term.mechanism == "ptr" for term in record.terms):
        remedy = "replace ptr by the addresses themselves (ip4:, ip6:)"
        yield warning(PART, f"{domain} uses ptr, which is slow and which many receivers ignore", remedy)
    if len(text) > LONGEST_TEXT:
        remedy = "move some of it into a record of its own, and include that"
        yield warning(PART, f"the record of {domain} has {len(text)} characters and may not fit an answer", remedy)
    looked_up = _all_lookups(records, domain)
    if looked_up > MOST_LOOKUPS:
        yield wrong(
            PART,
            f"the record of {domain} takes {looked_up} look-ups with all it includes; from the {MOST_LOOKUPS + 1}th on "
            "it counts as an error (permerror)",
            "remove includes nobody sends through, or replace some by their addresses (ip4:, ip6:)",
        )


def _all_lookups(records: Records, domain: str) -> int:
    """Count the look-ups of a whole record, as a sender needs them whom nothing but the last term matches.

    Stops counting beyond `COUNTED`: records that include each other twice at each level would take for ever.
    """
    count = 0
    ahead: list[tuple[str, tuple[str, ...]]] = [(domain, ())]
    while ahead and count <= COUNTED:
        name, path = ahead.pop()
        texts = [text for text in records.ask(name, RecordKind.TXT).values if is_spf(text)]
        if name in path or len(texts) != 1:
            continue
        record = read_spf(texts[0])
        targets = [term.value for term in record.terms if term.mechanism == "include"]
        count += sum(term.mechanism in LOOKING_UP for term in record.terms)
        if record.redirect is not None and record.catch_all is None:
            targets.append(record.redirect)
            count += 1
        followed = [target.rstrip(".").lower() for target in targets if not has_macros(target)]
        ahead += [(target, (*path, name)) for target in followed]
    return count


def _of_addresses(records: Records, domain: str, addresses: Sequence[str]) -> Iterator[CheckFinding]:
    if not addresses:
        yield warning(
            PART,
            f"{domain} has a record, but which addresses the mails come from is not known",
            "repeat with --sent-from ADDRESS: the public address of the relay",
        )
    for address in addresses:
        check = SpfCheck(records, SpfSender(address, LOCAL_PART, domain))
        result = check.run(domain)
        match result:
            case SpfResult.UNFINISHED:
                continue
            case SpfResult.PASS:
                yield fine(PART, f"{domain} lets {address} send ({check.reason})")
            case SpfResult.TEMPERROR:
                yield unknown(PART, check.reason)
            case SpfResult.PERMERROR:
                yield wrong(PART, f"the record of {domain} does not hold: {check.reason}", "correct the record named")
            case _:
                term = f"ip{ip_address(address).version}:{address}"
                yield wrong(
                    PART,
                    f"{domain} does not let {address} send: {result} ({check.reason})",
                    f"add {term}, or the include: your relay names, before the last term of the record",
                )
