"""The reverse names of the addresses our mails come from: do they exist and lead back (RFC 1912 section 2.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.findings import fine, unknown, warning, wrong
from relance.domain.mail_setup.records import LookupState, RecordKind, Records

PART = "PTR"


def judge_ptr(records: Records, addresses: Sequence[str]) -> list[CheckFinding]:
    """Judge the reverse name of each address."""
    return [finding for address in addresses for finding in _address(records, address)]


def _address(records: Records, address: str) -> list[CheckFinding]:
    answer = records.ask(ip_address(address).reverse_pointer, RecordKind.PTR)
    if answer.state is LookupState.PENDING:
        return []
    if answer.state is LookupState.FAILED:
        return [unknown(PART, f"{address}: {answer.reason}")]
    if answer.is_void:
        remedy = f"have the owner of the address publish its PTR, a name whose address is {address}"
        return [wrong(PART, f"{address} has no reverse name; large providers refuse its mails", remedy)]
    leading_back = [name for name in answer.values if ip_address(address) in _addresses(records, name)]
    if leading_back:
        return [_named(leading_back[0], address)]
    names = ", ".join(answer.values)
    if failed := [reason for name in answer.values if (reason := records.failure(name))]:
        return [unknown(PART, f"{names}: {failed[0]}")]
    kind = "A" if ip_address(address).version == 4 else "AAAA"
    remedy = f"publish: {answer.values[0]}. {kind} {address}"
    return [wrong(PART, f"{address} is called {names}, which does not lead back to it", remedy)]


def _addresses(records: Records, name: str) -> set[object]:
    return {ip_address(value) for value in records.addresses(name)}


def _named(name: str, address: str) -> CheckFinding:
    if _looks_generic(name, address):
        remedy = "ask for a reverse name of your own, like mail.<your domain>"
        return warning(PART, f"{address} is called {name}, as a home connection would be", remedy)
    return fine(PART, f"{address} is called {name}, which leads back to it")


def _looks_generic(name: str, address: str) -> bool:
    """Return whether a name repeats the parts of an IPv4 address, in either order."""
    if ip_address(address).version != 4:
        return False
    parts = address.split(".")
    digits = re.findall(r"\d+", name)
    plain = [str(int(digit)) for digit in digits]
    joined = "".join(f"{int(part):03}" for part in parts)
    return plain[:4] in (parts, parts[::-1]) or joined in name
