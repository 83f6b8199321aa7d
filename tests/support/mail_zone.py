"""DNS written as lines, `name TYPE value`, and what the judges say about it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TypeVar

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion, LookupState, RecordKind, Records

T = TypeVar("T")
MOST_ROUNDS = 60
RSA_2048 = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0/IzW7yW"
    "R7QkrmBL7jTKEn5u+qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyehkd3qqGElvW/VDL5AaWTg0nLVkjRo9z+4"
    "0RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ0iT9wCS0DRTXu269V264Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIkdgcKWTjpBP2dPwVZ4W"
    "WC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbcmwIDAQAB"
)
"""The public key of the examples of JSON Web Tokens (jwt.io), 2,048 bits."""


def rsa(bits: int) -> str:
    """Return a public key of this length, which nobody has the private key of, as a record holds it."""
    number = ((1 << bits) - 1).to_bytes(bits // 8 + 1)
    integers = _der(2, number) + _der(2, b"\x01\x00\x01")
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    whole = _der(0x30, algorithm + _der(3, b"\0" + _der(0x30, integers)))
    return base64.b64encode(whole).decode()


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(size)]) + size + content


class Zone(Mapping[DnsQuestion, DnsAnswer]):
    """Answers every question from its lines; `FAIL` as a type lets every look-up of the name fail."""

    def __init__(self, text: str) -> None:
        self._lines = [line.split(None, 2) for line in text.strip().splitlines() if line.strip()]

    def __getitem__(self, question: DnsQuestion) -> DnsAnswer:
        name, alias = question.name, None
        for _ in range(5):
            own = [(kind, value) for owner, kind, value in self._lines if owner.lower() == name]
            if any(kind == "FAIL" for kind, _ in own):
                return DnsAnswer(LookupState.FAILED, reason="SERVFAIL")
            led = next((value for kind, value in own if kind == "CNAME"), None)
            if led is None:
                break
            name = alias = led
        values = tuple(value.replace("MX 0 .", "") for kind, value in own if kind == question.kind)
        if question.kind is RecordKind.MX:
            values = tuple("0 " if value == "0 ." else value for value in values)
        if values:
            return DnsAnswer(LookupState.FOUND, values, alias)
        exists = any(owner == name or owner.endswith(f".{name}") for owner, _, _ in self._lines)
        return DnsAnswer(LookupState.NO_RECORD if exists else LookupState.NO_NAME, alias=alias)

    def __iter__(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._lines)


def settled(zone: str, judged: Callable[[Records], T]) -> T:
    """Judge as the command does, round by round, with only those answers that were asked for."""
    source = Zone(zone)
    known: dict[DnsQuestion, DnsAnswer] = {}
    for _ in range(MOST_ROUNDS):
        records = Records(known)
        result = judged(records)
        if not records.missing:
            return result
        known |= {question: source[question] for question in records.missing}
    raise AssertionError("it never stops asking")


def graded(findings: list[CheckFinding]) -> list[tuple[str, str]]:
    """Return part and grade of each."""
    return [(one.what, one.state.value) for one in findings]


def said(findings: list[CheckFinding], grade: str) -> str:
    """Return details and remedies of one grade."""
    return "\n".join(f"{one.detail} | {one.remedy}" for one in findings if one.state.value == grade)
