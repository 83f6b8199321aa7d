"""DNS questions, their answers, and the answers known so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RecordKind(StrEnum):
    """The types of records the judges ask for."""

    TXT = "TXT"
    MX = "MX"
    A = "A"
    AAAA = "AAAA"
    PTR = "PTR"


class LookupState(StrEnum):
    """How a look-up ended; `pending` is one that has not been made."""

    FOUND = "found"
    NO_NAME = "no_name"
    NO_RECORD = "no_record"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class DnsQuestion:
    """A name, lower case and without its final dot, and a type."""

    name: str
    kind: RecordKind


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What DNS says to a question.

    `values` are texts: the joined strings of a TXT record, an address, a name without its final dot; of an MX record
    `<preference> <host>`, with an empty host for the null MX of RFC 7505. `alias` is where a CNAME led, `reason` why a
    look-up failed.
    """

    state: LookupState
    values: tuple[str, ...] = ()
    alias: str | None = None
    reason: str = ""

    @property
    def is_void(self) -> bool:
        """Whether there is no such record (RFC 7208 section 4.6.4)."""
        return self.state in {LookupState.NO_NAME, LookupState.NO_RECORD}


NOT_ASKED_YET = DnsAnswer(LookupState.PENDING)


@dataclass(frozen=True, slots=True)
class Records:
    """The answers known so far; collects the questions that have none."""

    known: Mapping[DnsQuestion, DnsAnswer]
    missing: set[DnsQuestion] = field(default_factory=set)

    def ask(self, name: str, kind: RecordKind) -> DnsAnswer:
        """Return the answer, or a pending one, which is noted as missing."""
        question = DnsQuestion(name.rstrip(".").lower(), kind)
        found = self.known.get(question)
        if found is None:
            self.missing.add(question)
            return NOT_ASKED_YET
        return found

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the IPv4 and IPv6 addresses of a name."""
        return tuple(value for kind in (RecordKind.A, RecordKind.AAAA) for value in self.ask(name, kind).values)

    def failure(self, name: str) -> str:
        """Return why neither kind of address of a name could be looked up, or nothing."""
        answers = [self.ask(name, kind) for kind in (RecordKind.A, RecordKind.AAAA)]
        if any(answer.state is not LookupState.FAILED for answer in answers):
            return ""
        return answers[0].reason
