"""MX, reverse names and TLS: what else the outside looks at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.mail_exchangers import judge_mx
from relance.domain.mail_setup.relay_tls import RelayTls, judge_tls
from relance.domain.mail_setup.reverse_names import judge_ptr
from tests.support.mail_zone import said, settled

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ADDRESS = "9.9.9.9"
"""A public address; those for examples count as private."""


def mx(zone: str) -> list[CheckFinding]:
    return settled(zone, lambda records: judge_mx(records, "b.example", part="bounce MX", what="bounces"))


def ptr(zone: str, address: str = ADDRESS) -> list[CheckFinding]:
    return settled(zone, lambda records: judge_ptr(records, [address]))


MX = {
    "fine": ("b.example MX 10 m.example\nm.example A 9.9.9.9", "ok", "m.example"),
    "IPv6 only": ("b.example MX 10 m.example\nm.example AAAA 2620:fe::fe", "ok", "m.example"),
    "one of two is broken": (
        "b.example MX 10 m.example\nb.example MX 20 x.example\nm.example A 9.9.9.9",
        "wrong",
        "x.example. A",
    ),
    "null MX": ("b.example MX 0 .", "wrong", "null MX"),
    "no MX, but an address": ("b.example A 9.9.9.9", "warning", "MX 10"),
    "nothing": ("b.example TXT hello", "wrong", "publish: b.example. MX 10"),
    "no such domain": ("c.example TXT hello", "wrong", "does not exist"),
    "an address as host": ("b.example MX 10 9.9.9.9", "wrong", "must be a name"),
    "a host without address": ("b.example MX 10 m.example", "wrong", "no address"),
    "a private address": ("b.example MX 10 m.example\nm.example A 10.0.0.3", "wrong", "nobody outside"),
    "a CNAME": (
        "b.example MX 10 m.example\nm.example CNAME n.example\nn.example A 9.9.9.9",
        "warning",
        "MX 10 n.example",
    ),
    "a server that fails": ("b.example FAIL -", "unreachable", "SERVFAIL"),
    "a name that begins like a broken one": (
        "b.example MX 10 m.example\nb.example MX 20 m.example.net\nm.example A 9.9.9.9",
        "ok",
        "arrive at m.example",
    ),
    "a host's server that fails": ("b.example MX 10 m.example\nm.example FAIL -", "unreachable", "SERVFAIL"),
}


@pytest.mark.parametrize(("zone", "grade", "named"), MX.values(), ids=MX.keys())
def test_where_bounces_arrive(zone: str, grade: str, named: str) -> None:
    assert named in said(mx(zone), grade)


PTR = {
    "fine": ("9.9.9.9.in-addr.arpa PTR m.example\nm.example A 9.9.9.9", "ok", "m.example"),
    "second name leads back": (
        "9.9.9.9.in-addr.arpa PTR x.example\n9.9.9.9.in-addr.arpa PTR m.example\nm.example A 9.9.9.9",
        "ok",
        "m.example",
    ),
    "none": ("m.example A 9.9.9.9", "wrong", "no reverse name"),
    "leads elsewhere": ("9.9.9.9.in-addr.arpa PTR m.example\nm.example A 8.8.8.8", "wrong", "m.example. A 9.9.9.9"),
    "leads nowhere": ("9.9.9.9.in-addr.arpa PTR m.example", "wrong", "m.example. A 9.9.9.9"),
    "a home connection": (
        "9.9.9.9.in-addr.arpa PTR host-9-9-9-9.isp.example\nhost-9-9-9-9.isp.example A 9.9.9.9",
        "warning",
        "home connection",
    ),
    "a server that fails": ("9.9.9.9.in-addr.arpa FAIL -", "unreachable", "SERVFAIL"),
    "the name's server fails": ("9.9.9.9.in-addr.arpa PTR m.example\nm.example FAIL -", "unreachable", "SERVFAIL"),
}


@pytest.mark.parametrize(("zone", "grade", "named"), PTR.values(), ids=PTR.keys())
def test_the_reverse_name(zone: str, grade: str, named: str) -> None:
    assert named in said(ptr(zone), grade)


def test_the_reverse_name_of_an_ipv6_address_leads_back_however_it_is_written() -> None:
    name = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.e.f.0.0.0.2.6.2.ip6.arpa"
    zone = f"{name} PTR m.example\nm.example AAAA 2620:00fe:0::0001"
    assert said(ptr(zone, "2620:fe::1"), "ok")


SEEN = RelayTls(
    host="relay.example",
    port=587,
    mode="starttls",
    is_local=False,
    offered=True,
    version="TLSv1.3",
    expires=NOW + timedelta(days=60),
)
TLS = {
    "fine": (SEEN, "ok", "60 more days"),
    "ends soon": (replace(SEEN, expires=NOW + timedelta(days=13)), "warning", "13 more days"),
    "cannot be reached": (replace(SEEN, trouble="no answer within 8 s"), "unreachable", "RELANCE_MAIL__HOST"),
    "not offered": (replace(SEEN, offered=False), "wrong", "no STARTTLS"),
    "not offered nor asked for": (replace(SEEN, offered=False, mode="none"), "wrong", "unencrypted"),
    "offered and not used": (replace(SEEN, mode="none"), "wrong", "RELANCE_MAIL__TLS=starttls"),
    "on this machine": (replace(SEEN, offered=False, mode="none", is_local=True), "ok", "this machine"),
    "not valid": (replace(SEEN, fault="certificate has expired"), "wrong", "expired"),
}


@pytest.mark.parametrize(("seen", "grade", "named"), TLS.values(), ids=TLS.keys())
def test_the_way_to_the_relay(seen: RelayTls, grade: str, named: str) -> None:
    assert named in said(judge_tls(seen, NOW, verified=True), grade)


def test_a_certificate_that_the_settings_do_not_verify_is_a_warning() -> None:
    found = judge_tls(replace(SEEN, fault="self-signed certificate"), NOW, verified=False)
    assert [one.state for one in found] == ["warning"]
