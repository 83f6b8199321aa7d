"""DKIM keys as they are published, right and odd (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

import pytest

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.dkim import judge_dkim
from relance.domain.mail_setup.dkim_keys import DkimKey, UnreadableKey, read_key
from tests.support.mail_zone import RSA_2048, rsa, said, settled

NAME = "s1._domainkey.a.example"
ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""The example of RFC 8463 appendix A.2."""


def judged(zone: str, *selectors: str) -> list[CheckFinding]:
    return settled(zone, lambda records: judge_dkim(records, "a.example", selectors))


FINE = {
    "2048 bits": f"{NAME} TXT v=DKIM1; k=rsa; p={RSA_2048}",
    "4096 bits": f"{NAME} TXT v=DKIM1; k=rsa; p={rsa(4096)}",
    "only the key": f"{NAME} TXT p={RSA_2048}",
    "blanks in the key": f"{NAME} TXT v=DKIM1; k=rsa; p={RSA_2048[:200]} {RSA_2048[200:]}",
    "a final semicolon and notes": f"{NAME} TXT v=DKIM1; k=rsa; n=hello; p={RSA_2048};",
    "hashes and service named": f"{NAME} TXT v=DKIM1; h=sha1:sha256; s=email; p={RSA_2048}",
    "through a CNAME": f"{NAME} CNAME k.esp.example\nk.esp.example TXT v=DKIM1; p={RSA_2048}",
    "strict subdomains": f"{NAME} TXT v=DKIM1; t=s; p={RSA_2048}",
}


@pytest.mark.parametrize("zone", FINE.values(), ids=FINE.keys())
def test_a_good_key_is_fine(zone: str) -> None:
    found = judged(zone, "s1")
    assert [one.state for one in found] == ["ok"], found


ODD = {
    "1024 bits": (f"{NAME} TXT v=DKIM1; p={rsa(1024)}", "warning", "1024 bits"),
    "768 bits": (f"{NAME} TXT v=DKIM1; p={rsa(768)}", "wrong", "768 bits"),
    "revoked": (f"{NAME} TXT v=DKIM1; p=", "wrong", "revoked"),
    "revoked through a CNAME": (f"{NAME} CNAME k.esp.example\nk.esp.example TXT v=DKIM1; p=", "wrong", "k.esp.example"),
    "a CNAME into nothing": (f"{NAME} CNAME k.esp.example", "wrong", "k.esp.example"),
    "no record": ("a.example TXT hello", "wrong", "publish: s1._domainkey.a.example."),
    "two records": (f"{NAME} TXT p={RSA_2048}\n{NAME} TXT p={RSA_2048}", "wrong", "2 TXT records"),
    "cut off after 255 characters": (f"{NAME} TXT v=DKIM1; p={RSA_2048[:236]}", "wrong", "255 characters"),
    "no base64": (f"{NAME} TXT v=DKIM1; p=-----BEGIN PUBLIC KEY-----", "wrong", "base64"),
    "no key at all": (f"{NAME} TXT v=DKIM1; k=rsa", "wrong", "no key"),
    "an unknown kind": (f"{NAME} TXT v=DKIM1; k=dsa; p={RSA_2048}", "wrong", "k=dsa"),
    "another version": (f"{NAME} TXT v=DKIM2; p={RSA_2048}", "wrong", "v="),
    "the version last": (f"{NAME} TXT p={RSA_2048}; v=DKIM1", "wrong", "v="),
    "sha1 only": (f"{NAME} TXT v=DKIM1; h=sha1; p={RSA_2048}", "wrong", "h=sha1"),
    "not for mail": (f"{NAME} TXT v=DKIM1; s=tlsrpt; p={RSA_2048}", "wrong", "s=tlsrpt"),
    "on trial": (f"{NAME} TXT v=DKIM1; t=y:s; p={RSA_2048}", "warning", "t=y"),
    "a tag twice": (f"{NAME} TXT v=DKIM1; p={RSA_2048}; p=", "wrong", "twice"),
    "another text": (f"{NAME} TXT hello world", "wrong", "tag=value"),
    "ed25519 alone": (f"{NAME} TXT v=DKIM1; k=ed25519; p={ED25519}", "warning", "ed25519"),
    "an ed25519 key of 31 bytes": (f"{NAME} TXT k=ed25519; p={ED25519[:-4]}", "wrong", "32 bytes"),
    "an RSA key that says ed25519": (f"{NAME} TXT k=ed25519; p={RSA_2048}", "wrong", "32 bytes"),
    "an ed25519 key that says RSA": (f"{NAME} TXT k=rsa; p={ED25519}", "wrong", "no RSA key"),
    "a server that fails": (f"{NAME} FAIL -", "unreachable", "SERVFAIL"),
}


@pytest.mark.parametrize(("zone", "grade", "named"), ODD.values(), ids=ODD.keys())
def test_an_odd_key_is_named_with_its_fault(zone: str, grade: str, named: str) -> None:
    assert named in said(judged(zone, "s1"), grade)


def test_ed25519_beside_rsa_is_fine() -> None:
    zone = f"{NAME} TXT v=DKIM1; p={RSA_2048}\ns2._domainkey.a.example TXT k=ed25519; p={ED25519}"
    assert {one.state for one in judged(zone, "s1", "s2")} == {"ok"}


def test_a_selector_may_be_of_another_domain() -> None:
    assert said(judged(f"s1._domainkey.esp.example TXT p={RSA_2048}", "s1@esp.example"), "ok")


def test_without_selector_only_the_absence_of_any_key_is_certain() -> None:
    assert said(judged("a.example TXT hello"), "wrong")
    assert "--selector" in said(judged(f"x._domainkey.a.example TXT p={RSA_2048}"), "warning")
    assert said(judged("_domainkey.a.example FAIL -"), "unreachable")


def test_a_bare_rsa_public_key_is_read_too_and_rubbish_is_refused() -> None:
    assert read_key("rsa", RSA_2048) == DkimKey("rsa", 2048)
    for rubbish in ("", "AAAA", "MIIB", "MAA=", "MIIBCgKCAQEA"):
        with pytest.raises(UnreadableKey):
            read_key("rsa", rubbish)
