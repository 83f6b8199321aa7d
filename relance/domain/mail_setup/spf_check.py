"""What an SPF record says about one address: `check_host()` of RFC 7208 section 4, over the answers known so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network

from relance.domain.mail_setup.records import LookupState, RecordKind, Records
from relance.domain.mail_setup.spf_macros import SpfSender, filled_in
from relance.domain.mail_setup.spf_record import LOOKING_UP, SpfRecord, SpfTerm, is_spf, read_spf

MOST_LOOKUPS, MOST_VOID, MOST_HOSTS = 10, 2, 10
"""RFC 7208 section 4.6.4: terms that look up, of which so many may find nothing; and hosts of one `mx` or `ptr`."""
DEEPEST = 25
"""Records followed at most below each other: a loop is found before, by its names."""


class SpfResult(StrEnum):
    """RFC 7208 section 2.6, and `unfinished` while answers are missing."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - the word of the standard
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    UNFINISHED = "unfinished"


_BY_QUALIFIER = {"+": SpfResult.PASS, "-": SpfResult.FAIL, "~": SpfResult.SOFTFAIL, "?": SpfResult.NEUTRAL}


class SpfStop(Exception):
    """The check cannot go on: the result, and why."""

    def __init__(self, result: SpfResult, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


@dataclass(slots=True)
class SpfCheck:
    """One run of check_host: counts look-ups, and says in `reason` what decided."""

    records: Records
    sender: SpfSender
    lookups: int = 0
    void: int = 0
    reason: str = ""
    path: list[str] = field(default_factory=list)

    def run(self, domain: str) -> SpfResult:
        """Return the result for a domain."""
        try:
            return self._check_host(domain)
        except SpfStop as stop:
            self.reason = stop.reason
            return stop.result

    def _check_host(self, domain: str) -> SpfResult:
        record = self._record(domain)
        if record is None:
            self.reason = f"{domain} has no SPF record"
            return SpfResult.NONE
        self.path.append(domain)
        for term in record.terms:
            if self._matches(term, domain):
                self.reason = f"{term} of {domain}"
                self.path.pop()
                return _BY_QUALIFIER[term.qualifier]
        # With `all` in the record, redirect does not count (RFC 7208 section 6.1).
        if record.redirect is not None and record.catch_all is None:
            self._count()
            result = self._check_host(self._target(record.redirect, domain))
            self.path.pop()
            if result is SpfResult.NONE:
                raise SpfStop(SpfResult.PERMERROR, f"redirect={record.redirect} leads to a domain without SPF record")
            return result
        self.path.pop()
        self.reason = f"nothing in the record of {domain} matches"
        return SpfResult.NEUTRAL

    def _record(self, domain: str) -> SpfRecord | None:
        if domain in self.path:
            raise SpfStop(SpfResult.PERMERROR, f"the records lead in a circle: {' > '.join([*self.path, domain])}")
        if len(self.path) > DEEPEST:
            raise SpfStop(SpfResult.PERMERROR, "the records lead too deep")
        answer = self.records.ask(domain, RecordKind.TXT)
        self._stop_without(answer.state, domain, answer.reason)
        found = [text for text in answer.values if is_spf(text)]
        if len(found) > 1:
            raise SpfStop(SpfResult.PERMERROR, f"{domain} has {len(found)} SPF records")
        if not found:
            return None
        record = read_spf(found[0])
        if record.faults:
            raise SpfStop(SpfResult.PERMERROR, f"{domain}: {record.faults[0]}")
        return record

    def _matches(self, term: SpfTerm, domain: str) -> bool:
        if term.mechanism in LOOKING_UP:
            self._count()
        target = self._target(term.value, domain) if term.value and not term.mechanism.startswith("ip") else domain
        match term.mechanism:
            case "all":
                return True
            case "ip4" | "ip6":
                return self.sender.ip in ip_network(term.value, strict=False)
            case "a" | "mx":
                return self._is_one_of([target] if term.mechanism == "a" else self._exchangers(target), term)
            case "exists":
                # An IPv4 address, whatever kind the sender's is (RFC 7208 section 5.7).
                return bool(self._values(target, RecordKind.A))
            case "include":
                return self._included(target)
            case _:
                # `ptr` is not to be used, and receivers may ignore it (RFC 7208 section 5.5): so does this check.
                return False

    def _included(self, target: str) -> bool:
        result = self._check_host(target)
        if result is SpfResult.NONE:
            raise SpfStop(SpfResult.PERMERROR, f"include:{target} names a domain without SPF record")
        return result is SpfResult.PASS

    def _is_one_of(self, hosts: list[str], term: SpfTerm) -> bool:
        ip = self.sender.ip
        kind, length = (RecordKind.A, term.four) if ip.version == 4 else (RecordKind.AAAA, term.six)
        found = [value for host in hosts for value in self._values(host, kind)]
        return any(ip in ip_network(f"{ip_address(value)}/{length}", strict=False) for value in found)

    def _exchangers(self, target: str) -> list[str]:
        hosts = [value.partition(" ")[2] for value in self._values(target, RecordKind.MX)]
        if len(hosts) > MOST_HOSTS:
            raise SpfStop(SpfResult.PERMERROR, f"mx:{target} has more than {MOST_HOSTS} hosts")
        return [host for host in hosts if host]

    def _values(self, name: str, kind: RecordKind) -> tuple[str, ...]:
        answer = self.records.ask(name, kind)
        self._stop_without(answer.state, name, answer.reason)
        if answer.is_void:
            self.void += 1
            if self.void > MOST_VOID:
                raise SpfStop(SpfResult.PERMERROR, f"more than {MOST_VOID} look-ups find nothing, the last: {name}")
        return answer.values

    def _stop_without(self, state: LookupState, name: str, reason: str) -> None:
        if state is LookupState.PENDING:
            raise SpfStop(SpfResult.UNFINISHED, f"{name} is not looked up yet")
        if state is LookupState.FAILED:
            raise SpfStop(SpfResult.TEMPERROR, f"{name}: {reason}")

    def _target(self, text: str, domain: str) -> str:
        return filled_in(text, self.sender, domain).rstrip(".").lower()

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise SpfStop(SpfResult.PERMERROR, f"more than {MOST_LOOKUPS} look-ups")
