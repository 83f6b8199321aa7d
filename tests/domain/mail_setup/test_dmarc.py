"""DMARC records as they are found in the world, and what belongs together (RFC 9989)."""

from __future__ import annotations

import pytest

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.dmarc import judge_dmarc
from relance.domain.mail_setup.domains import aligned, organizational_domain, walk
from tests.support.mail_zone import said, settled

GOOD = "v=DMARC1; p=reject; rua=mailto:d@a.example"


def judged(zone: str, author: str = "a.example", bounce: str = "b.a.example") -> list[CheckFinding]:
    return settled(zone, lambda records: judge_dmarc(records, author, bounce))


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "v=DMARC1;p=quarantine;rua=mailto:d@a.example;",
        "v = DMARC1 ; p = reject ; rua = mailto:d@a.example",
        "v=DMARC1; P=Reject; rua=mailto:d@a.example!10m,mailto:x@reports.a.example; fo=1; x_own=1",
        "v=DMARC1; p=reject; sp=none; pct=100; adkim=r; aspf=r; t=n; rua=mailto:d@a.example",
    ],
)
def test_a_good_record_is_fine(text: str) -> None:
    assert {one.state for one in judged(f"_dmarc.a.example TXT {text}")} == {"ok"}


ODD = {
    "none at all": ("a.example TXT hello", "wrong", 'publish: _dmarc.a.example. TXT "v=DMARC1; p=quarantine'),
    "two": (f"_dmarc.a.example TXT {GOOD}\n_dmarc.a.example TXT v=DMARC1; p=none", "wrong", "2 DMARC records"),
    "no version first": ("_dmarc.a.example TXT p=reject; v=DMARC1", "wrong", "does not begin with v=DMARC1"),
    "another version": ("_dmarc.a.example TXT v=DMARC2; p=reject", "wrong", "does not begin"),
    "lower case": ("_dmarc.a.example TXT v=dmarc1; p=reject", "wrong", "does not begin"),
    "commas": ("_dmarc.a.example TXT v=DMARC1, p=reject", "wrong", "does not begin"),
    "no tag": ("_dmarc.a.example TXT v=DMARC1; reject", "wrong", "'reject' is no tag=value"),
    "a tag twice": ("_dmarc.a.example TXT v=DMARC1; p=none; p=reject", "wrong", "twice"),
    "an unknown policy": ("_dmarc.a.example TXT v=DMARC1; p=block; rua=mailto:d@a.example", "wrong", "p=block"),
    "monitoring only": ("_dmarc.a.example TXT v=DMARC1; p=none; rua=mailto:d@a.example", "warning", "p=none"),
    "no policy": ("_dmarc.a.example TXT v=DMARC1; rua=mailto:d@a.example", "warning", "no p="),
    "no reports": ("_dmarc.a.example TXT v=DMARC1; p=reject", "warning", "rua=mailto:dmarc@a.example"),
    "an address without mailto": ("_dmarc.a.example TXT v=DMARC1; p=reject; rua=d@a.example", "warning", "mailto"),
    "a part": (f"_dmarc.a.example TXT {GOOD}; pct=20", "warning", "pct=20"),
    "on trial": (f"_dmarc.a.example TXT {GOOD}; t=y", "warning", "t=y"),
    "an unknown mode": (f"_dmarc.a.example TXT {GOOD}; aspf=strict", "warning", "aspf=strict"),
    "strict": (f"_dmarc.a.example TXT {GOOD}; aspf=s", "warning", "aspf=s asks for the same domain"),
    "foreign reports": (
        "_dmarc.a.example TXT v=DMARC1; p=reject; rua=mailto:d@other.test",
        "warning",
        "a.example._report._dmarc.other.test. TXT",
    ),
    "a server that fails": ("_dmarc.a.example FAIL -", "unreachable", "SERVFAIL"),
    "a parent's server that fails": (f"_dmarc.a.example TXT {GOOD}\n_dmarc.example FAIL -", "unreachable", "SERVFAIL"),
}


@pytest.mark.parametrize(("zone", "grade", "named"), ODD.values(), ids=ODD.keys())
def test_an_odd_record_is_named_with_its_fault(zone: str, grade: str, named: str) -> None:
    assert named in said(judged(zone), grade)


def test_reports_to_another_organization_that_agrees_are_fine() -> None:
    zone = "_dmarc.a.example TXT v=DMARC1; p=reject; rua=mailto:d@other.test\n"
    zone += "a.example._report._dmarc.other.test TXT v=DMARC1"
    assert {one.state for one in judged(zone)} == {"ok"}


def test_a_subdomain_is_under_the_policy_for_subdomains() -> None:
    zone = "_dmarc.a.example TXT v=DMARC1; p=reject; sp=none; rua=mailto:d@a.example"
    assert "sp=none" in said(judged(zone, "news.a.example"), "warning")
    own = zone + "\n_dmarc.news.a.example TXT v=DMARC1; p=quarantine; rua=mailto:d@a.example"
    assert {one.state for one in judged(own, "news.a.example")} == {"ok"}


def test_a_bounce_domain_of_somebody_else_is_not_aligned() -> None:
    found = judged(f"_dmarc.a.example TXT {GOOD}", bounce="bounces.esp.test")
    assert "set RELANCE_MAIL__BOUNCE_DOMAIN below a.example" in said(found, "warning")


def organization(zone: str, domain: str) -> str:
    return settled(zone, lambda records: organizational_domain(records, domain))


def test_the_organizational_domain_is_found_by_walking_up() -> None:
    zone = "_dmarc.a.example TXT v=DMARC1; p=reject\n"
    assert organization(zone, "x.y.a.example") == "a.example"
    assert organization(zone, "other.test") == "other.test"
    assert organization(zone + "_dmarc.y.a.example TXT v=DMARC1; psd=n", "x.y.a.example") == "y.a.example"
    assert organization(zone + "_dmarc.example TXT v=DMARC1; psd=y", "x.y.a.example") == "a.example"
    assert organization("_dmarc.co.example TXT v=DMARC1; psd=y", "x.a.co.example") == "a.co.example"


def test_a_long_name_is_asked_for_in_eight_steps() -> None:
    asked = walk("a.b.c.d.e.f.g.h.i.j.mail.example")
    assert asked[:2] == ["a.b.c.d.e.f.g.h.i.j.mail.example", "f.g.h.i.j.mail.example"]
    assert len(asked) == 8


def test_two_domains_under_one_public_suffix_are_not_aligned() -> None:
    zone = "_dmarc.co.example TXT v=DMARC1; psd=y"
    assert not settled(zone, lambda records: aligned(records, "a.co.example", "b.co.example", strict=False))
    assert settled(zone, lambda records: aligned(records, "x.a.co.example", "a.co.example", strict=False))
    assert not settled(zone, lambda records: aligned(records, "x.a.co.example", "a.co.example", strict=True))
