"""Where mails to a domain arrive: bounces to the bounce domain, answers to that of Reply-To (RFC 5321, RFC 7505)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.findings import fine, unknown, warning, wrong
from relance.domain.mail_setup.records import LookupState, RecordKind, Records


def judge_mx(records: Records, domain: str, *, part: str, what: str) -> list[CheckFinding]:
    """Judge the MX records of a domain; `what` is what would arrive there: `bounces`, `answers`."""
    answer = records.ask(domain, RecordKind.MX)
    publish = f"publish: {domain}. MX 10 <host that takes {what}>."
    if answer.state is LookupState.FAILED:
        return [unknown(part, f"{domain}: {answer.reason}")]
    if answer.state is LookupState.NO_NAME:
        return [wrong(part, f"{domain} does not exist; mails from it are refused", publish)]
    if answer.state is not LookupState.FOUND:
        return [_without(records, domain, part, what, publish)]
    return _of_hosts(records, domain, part, what, publish)


def _of_hosts(records: Records, domain: str, part: str, what: str, publish: str) -> list[CheckFinding]:
    hosts = [value.partition(" ")[2] for value in records.ask(domain, RecordKind.MX).values]
    if "" in hosts:
        detail = f"the null MX of {domain} says that it takes no mail; {what} are lost, and mails from it refused"
        return [wrong(part, detail, f"instead of MX 0 . {publish}")]
    by_host = {host: list(_host(records, domain, host, part)) for host in hosts}
    troubles = [trouble for those in by_host.values() for trouble in those]
    reachable = [host for host, those in by_host.items() if not those]
    if not reachable and troubles:
        return troubles
    return [fine(part, f"{what} to {domain} arrive at {', '.join(reachable)}"), *troubles]


def _without(records: Records, domain: str, part: str, what: str, publish: str) -> CheckFinding:
    if reason := records.failure(domain):
        return unknown(part, f"{domain}: {reason}")
    if records.addresses(domain):
        detail = f"{domain} has no MX; {what} go to its own address, where a mail server must listen"
        return warning(part, detail, publish)
    return wrong(part, f"{domain} has neither MX nor address: {what} are lost, and mails from it are refused", publish)


def _host(records: Records, domain: str, host: str, part: str) -> Iterator[CheckFinding]:
    if _is_address(host):
        yield wrong(part, f"{host}: the MX of {domain} is an address; it must be a name", "name the host instead")
        return
    if reason := records.failure(host):
        yield unknown(part, f"{host}: {reason}")
        return
    addresses = records.addresses(host)
    alias = records.ask(host, RecordKind.A).alias
    if not addresses:
        yield wrong(part, f"{host}, the MX of {domain}, has no address", f"publish: {host}. A <its address>")
    elif not any(ip_address(address).is_global for address in addresses):
        detail = f"{host}, the MX of {domain}, has only addresses that nobody outside reaches: {', '.join(addresses)}"
        yield wrong(part, detail, f"publish its public address: {host}. A <address>")
    elif alias:
        detail = f"{host}, the MX of {domain}, is a CNAME (of {alias}), which some senders refuse (RFC 2181)"
        yield warning(part, detail, f"name the host itself: {domain}. MX 10 {alias}.")


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
