"""Whatever stands in DNS, the judges say something and come to an end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from relance.domain.mail_setup.judge import MailNames, judge
from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion, LookupState, RecordKind

NAMES = MailNames(
    author="a.example",
    bounce="b.a.example",
    reply="r.example",
    unsubscribe="u.example",
    selectors=("s1",),
    addresses=("9.9.9.9",),
)
ROUNDS = 60

_DOMAINS = st.sampled_from(
    ["a.example", "b.a.example", "c.example", "%{i}.x", "%{d2r-}", "", ".", "x" * 70, "é.example"]
)
_WORDS = st.one_of(
    st.builds("include:{}".format, _DOMAINS),
    st.builds("redirect={}".format, _DOMAINS),
    st.builds("{}{}:{}{}".format, st.sampled_from("+-~?"), st.sampled_from(["a", "mx", "exists", "ptr"]), _DOMAINS,
              st.sampled_from(["", "/24", "//64", "/99", "/"])),
    st.sampled_from(["-all", "+all", "ip4:9.9.9.0/24", "ip6:::1", "ip4:x", "mx", "a", "all:", "=", ":"]),
)  # fmt: skip
_SPF = st.builds(lambda words: " ".join(["v=spf1", *words]), st.lists(_WORDS, max_size=14))
_TAGS = st.lists(
    st.sampled_from(
        ["v=DMARC1", "v=DKIM1", "p=", "p=reject", "p=AAAA", "sp=none", "k=ed25519", "rua=mailto:d@c.example,x", "psd=y",
         "psd=n", "adkim=s", "h=", "t=y", "=", "", "é=1"]
    ),
    max_size=6,
).map(";".join)  # fmt: skip
_TEXTS = st.lists(st.one_of(_SPF, _TAGS, st.text(max_size=40)), min_size=1, max_size=3)
_HOSTS = st.lists(st.sampled_from(["m.example", "", "9.9.9.9", "c.example"]), min_size=1, max_size=12)
_VALUES = {
    RecordKind.TXT: _TEXTS,
    RecordKind.MX: _HOSTS.map(lambda hosts: [f"10 {host}" for host in hosts]),
    RecordKind.PTR: _HOSTS,
    RecordKind.A: st.lists(st.sampled_from(["9.9.9.9", "10.0.0.1"]), min_size=1, max_size=2),
    RecordKind.AAAA: st.lists(st.sampled_from(["2620:fe::fe", "::1"]), min_size=1, max_size=2),
}
_VOID = st.sampled_from(
    [DnsAnswer(LookupState.NO_NAME), DnsAnswer(LookupState.NO_RECORD), DnsAnswer(LookupState.FAILED, reason="SERVFAIL")]
)


def _answers(question: DnsQuestion) -> st.SearchStrategy[DnsAnswer]:
    found = _VALUES[question.kind].map(lambda values: DnsAnswer(LookupState.FOUND, tuple(values)))
    return st.one_of(found, found, _VOID)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_answers_are_judged_in_the_end(data: st.DataObject) -> None:
    known: dict[DnsQuestion, DnsAnswer] = {}
    for _ in range(ROUNDS):
        verdict = judge(NAMES, known, None)
        if not verdict.missing:
            break
        for question in sorted(verdict.missing, key=lambda one: (one.name, one.kind)):
            known[question] = data.draw(_answers(question))
    assert not verdict.missing
    parts = {one.what for one in verdict.findings}
    assert {"SPF", "DKIM", "DMARC", "bounce MX", "answers MX", "unsubscribe MX", "PTR"} <= parts
    assert all(one.detail for one in verdict.findings)
    assert all(one.remedy for one in verdict.findings if one.state != "ok")
