"""SPF records as they are found in the world, right and odd (RFC 7208)."""

from __future__ import annotations

import pytest

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.spf import judge_spf
from relance.domain.mail_setup.spf_check import SpfCheck, SpfResult
from relance.domain.mail_setup.spf_macros import SpfSender, filled_in
from relance.domain.mail_setup.spf_record import is_spf, read_spf
from tests.support.mail_zone import said, settled

OURS = "198.51.100.7"


def judged(zone: str, *addresses: str) -> list[CheckFinding]:
    return settled(zone, lambda records: judge_spf(records, "b.example", addresses))


def checked(zone: str, address: str = OURS) -> tuple[SpfResult, str]:
    def run(records):  # type: ignore[no-untyped-def]
        check = SpfCheck(records, SpfSender(address, "bounce", "b.example"))
        return check.run("b.example"), check.reason

    return settled(zone, run)  # type: ignore[no-any-return]


PASSING = {
    "ip4": "b.example TXT v=spf1 ip4:198.51.100.7 -all",
    "network": "b.example TXT v=spf1 ip4:198.51.100.0/24 -all",
    "upper case": "B.EXAMPLE TXT V=SPF1 IP4:198.51.100.7 -ALL",
    "many spaces": "b.example TXT v=spf1   ip4:198.51.100.7   -all",
    "beside other texts": "b.example TXT google-site-verification=abc\nb.example TXT v=spf1 ip4:198.51.100.7 -all",
    "beside other versions": "b.example TXT spf2.0/pra -all\nb.example TXT v=spf1 ip4:198.51.100.7 -all",
    "beside v=spf10": "b.example TXT v=spf10 -all\nb.example TXT v=spf1 ip4:198.51.100.7 -all",
    "a": "b.example TXT v=spf1 a -all\nb.example A 198.51.100.7",
    "a with domain and prefix": "b.example TXT v=spf1 a:m.example/28 -all\nm.example A 198.51.100.1",
    "a with both prefixes": "b.example TXT v=spf1 a:m.example/28//64 -all\nm.example A 198.51.100.1",
    "mx": "b.example TXT v=spf1 mx -all\nb.example MX 10 m.example\nm.example A 198.51.100.7",
    "include": "b.example TXT v=spf1 include:r.example -all\nr.example TXT v=spf1 ip4:198.51.100.7 ?all",
    "include's fail does not match": (
        "b.example TXT v=spf1 include:r.example ip4:198.51.100.7 -all\nr.example TXT v=spf1 -all"
    ),
    "redirect": "b.example TXT v=spf1 redirect=r.example\nr.example TXT v=spf1 ip4:198.51.100.7 -all",
    "unknown modifier": "b.example TXT v=spf1 ip4:198.51.100.7 exp=why.example op=auth -all",
    "exists with macros": "b.example TXT v=spf1 exists:%{ir}.%{v}._spf.%{d} -all\n"
    "7.100.51.198.in-addr._spf.b.example A 127.0.0.2",
    "include with macros": "b.example TXT v=spf1 include:%{d2}.r.example -all\n"
    "b.example.r.example TXT v=spf1 ip4:198.51.100.7 -all",
    "through a CNAME": "b.example CNAME r.example\nr.example TXT v=spf1 ip4:198.51.100.7 -all",
    "a domain with a final dot": "b.example TXT v=spf1 include:r.example. -all\nr.example TXT v=spf1 +all",
}


@pytest.mark.parametrize("zone", PASSING.values(), ids=PASSING.keys())
def test_our_address_passes(zone: str) -> None:
    assert checked(zone)[0] is SpfResult.PASS


def test_an_ipv6_address_passes_by_its_own_network_and_not_by_one_of_the_other_kind() -> None:
    zone = "b.example TXT v=spf1 ip4:0.0.0.0/0 ip6:2001:db8:7::/48 -all"
    assert checked(zone, "2001:db8:7::1")[0] is SpfResult.PASS
    assert checked(zone, "2001:db8:8::1")[0] is SpfResult.FAIL


ELEVEN = "b.example TXT v=spf1 " + " ".join(f"include:i{n}.example" for n in range(11)) + " -all\n"
ELEVEN += "\n".join(f"i{n}.example TXT v=spf1 ip4:192.0.2.{n} -all" for n in range(11))

NOT_PASSING = {
    "soft": ("b.example TXT v=spf1 ~all", SpfResult.SOFTFAIL),
    "hard": ("b.example TXT v=spf1 ip4:192.0.2.1 -all", SpfResult.FAIL),
    "nothing at the end": ("b.example TXT v=spf1 ip4:192.0.2.1", SpfResult.NEUTRAL),
    "the bare version": ("b.example TXT v=spf1", SpfResult.NEUTRAL),
    "no record": ("b.example TXT hello", SpfResult.NONE),
    "no name": ("x.example TXT hello", SpfResult.NONE),
    "a server that fails": ("b.example FAIL -", SpfResult.TEMPERROR),
    "an include that fails": ("b.example TXT v=spf1 include:r.example -all\nr.example FAIL -", SpfResult.TEMPERROR),
    "two records": ("b.example TXT v=spf1 +all\nb.example TXT v=spf1 -all", SpfResult.PERMERROR),
    "a circle": (
        "b.example TXT v=spf1 include:r.example -all\nr.example TXT v=spf1 include:b.example -all",
        SpfResult.PERMERROR,
    ),
    "itself": ("b.example TXT v=spf1 redirect=b.example", SpfResult.PERMERROR),
    "a redirect in a circle": (
        "b.example TXT v=spf1 redirect=r.example\nr.example TXT v=spf1 redirect=b.example",
        SpfResult.PERMERROR,
    ),
    "an include without record": ("b.example TXT v=spf1 include:r.example +all", SpfResult.PERMERROR),
    "a redirect without record": ("b.example TXT v=spf1 redirect=r.example", SpfResult.PERMERROR),
    "eleven includes": (ELEVEN, SpfResult.PERMERROR),
    "three names that do not exist": ("b.example TXT v=spf1 a:x.test a:y.test a:z.test +all", SpfResult.PERMERROR),
    "a wrong network": ("b.example TXT v=spf1 ip4:198.51.100.700 +all", SpfResult.PERMERROR),
    "ip6 with an IPv4 address": ("b.example TXT v=spf1 ip6:198.51.100.7 +all", SpfResult.PERMERROR),
    "a prefix too long": ("b.example TXT v=spf1 a/33 +all", SpfResult.PERMERROR),
    "an unknown mechanism": ("b.example TXT v=spf1 ipv4:198.51.100.7 +all", SpfResult.PERMERROR),
    "a comma": ("b.example TXT v=spf1 ip4:198.51.100.7, -all", SpfResult.PERMERROR),
    "an include of nothing": ("b.example TXT v=spf1 include: +all", SpfResult.PERMERROR),
    "all with a value": ("b.example TXT v=spf1 all:x.example", SpfResult.PERMERROR),
    "redirect behind all": ("b.example TXT v=spf1 -all redirect=r.example\nr.example TXT v=spf1 +all", SpfResult.FAIL),
    "ptr is not followed": ("b.example TXT v=spf1 ptr -all", SpfResult.FAIL),
}


@pytest.mark.parametrize(("zone", "result"), NOT_PASSING.values(), ids=NOT_PASSING.keys())
def test_our_address_does_not_pass(zone: str, result: SpfResult) -> None:
    found, reason = checked(zone)
    assert (found, bool(reason)) == (result, True)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("v=spf1", True), ("v=spf1 -all", True), ("v=spf1-all", False), ("v=spf10 -all", False), (" v=spf1 -all", False)],
)
def test_only_the_exact_version_makes_a_record(text: str, is_one: bool) -> None:
    assert is_spf(text) is is_one


@pytest.mark.parametrize(
    ("macro", "value"),
    [
        # The examples of RFC 7208 section 7.4.
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%%%_%-", "% %20"),
    ],
)
def test_macros_are_those_of_the_standard(macro: str, value: str) -> None:
    sender = SpfSender("192.0.2.3", "strong-bad", "email.example.com")
    assert filled_in(macro, sender, "email.example.com") == value


def test_a_missing_record_is_written_out_with_our_addresses() -> None:
    found = judged("b.example TXT hello", OURS, "2001:db8::7")
    assert [one.state for one in found] == ["wrong"]
    assert found[0].remedy == 'publish: b.example. TXT "v=spf1 ip4:198.51.100.7 ip6:2001:db8::7 -all"'


@pytest.mark.parametrize("almost", ["v=spf ip4:198.51.100.7 -all", "spf1 -all", '"v=spf1 -all"'])
def test_a_text_that_was_meant_as_a_record_is_quoted(almost: str) -> None:
    assert "is none" in said(judged(f"b.example TXT {almost}", OURS), "wrong")


def test_several_records_are_merged_into_the_one_to_publish() -> None:
    zone = "b.example TXT v=spf1 include:a.example ~all\nb.example TXT v=spf1 ip4:192.0.2.1 -all"
    assert "v=spf1 include:a.example ip4:192.0.2.1 -all" in said(judged(zone, OURS), "wrong")


def test_a_record_for_everyone_is_wrong_although_we_pass() -> None:
    found = judged("b.example TXT v=spf1 +all", OURS)
    assert sorted(one.state.value for one in found) == ["ok", "wrong"]
    assert "-all" in said(found, "wrong")


@pytest.mark.parametrize("end", ["?all", ""])
def test_a_record_that_says_nothing_about_others_is_a_warning(end: str) -> None:
    found = judged(f"b.example TXT v=spf1 ip4:198.51.100.7 {end}", OURS)
    assert sorted(one.state.value for one in found) == ["ok", "warning"]


def test_look_ups_are_counted_over_all_includes_even_where_our_address_is_found_first() -> None:
    zone = ELEVEN.replace("v=spf1 include:i0", "v=spf1 ip4:198.51.100.7 include:i0")
    found = judged(zone, OURS)
    assert "takes 11 look-ups" in said(found, "wrong")
    assert "lets 198.51.100.7 send" in said(found, "ok")


def test_ten_look_ups_are_allowed() -> None:
    zone = "b.example TXT v=spf1 ip4:198.51.100.7 " + " ".join(f"include:i{n}.example" for n in range(10)) + " -all\n"
    zone += "\n".join(f"i{n}.example TXT v=spf1 -all" for n in range(10))
    assert [one.state for one in judged(zone, OURS)] == ["ok"]


def test_a_tree_of_includes_that_doubles_at_every_level_is_not_followed_for_ever() -> None:
    lines = ["b.example TXT v=spf1 include:l0.example include:l0.example -all"]
    lines += [f"l{n}.example TXT v=spf1 include:l{n + 1}.example include:l{n + 1}.example -all" for n in range(40)]
    found = judged("\n".join(lines), OURS)
    assert "permerror" in said(found, "wrong")


def test_ptr_and_a_long_record_are_warnings() -> None:
    text = "v=spf1 ip4:198.51.100.7 ptr " + " ".join(f"ip4:192.0.2.{n}" for n in range(40)) + " -all"
    warnings = said(judged(f"b.example TXT {text}", OURS), "warning")
    assert "uses ptr" in warnings
    assert "characters" in warnings


def test_an_address_that_may_not_send_is_named_with_the_term_to_add() -> None:
    assert "add ip4:198.51.100.7" in said(judged("b.example TXT v=spf1 ip4:192.0.2.1 -all", OURS), "wrong")


def test_without_an_address_the_record_alone_is_judged() -> None:
    assert "--sent-from" in said(judged("b.example TXT v=spf1 mx -all"), "warning")


def test_a_failed_look_up_says_nothing_about_the_record() -> None:
    assert [one.state for one in judged("b.example FAIL -", OURS)] == ["unreachable"]


def test_a_record_that_cannot_be_read_is_quoted_with_its_faults() -> None:
    assert "ip4:300.1.1.1 is no network" in said(judged("b.example TXT v=spf1 ip4:300.1.1.1 -all", OURS), "wrong")
    assert read_spf("v=spf1 redirect=a.example redirect=b.example").faults == ("redirect= stands twice",)
