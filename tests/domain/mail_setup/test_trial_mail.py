"""What a received trial mail shows about its signature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.trial_mail import MailSignature, TrialMail, judge_trial
from tests.support.mail_zone import said, settled

ALL = ("from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post")
OURS = MailSignature(domain="a.example", selector="s1", signed=ALL, valid=True)
HEADERS = {
    "list-unsubscribe": "<https://a.example/u/x>, <mailto:u@a.example>",
    "list-unsubscribe-post": "List-Unsubscribe=One-Click",
}
MAIL = TrialMail(author="a.example", headers=HEADERS, signatures=[OURS])
ZONE = "_dmarc.a.example TXT v=DMARC1; p=reject"


def judged(mail: TrialMail, zone: str = ZONE) -> list[CheckFinding]:
    return settled(zone, lambda records: judge_trial(records, mail, "a.example"))


def test_a_valid_signature_over_everything_is_fine() -> None:
    assert [one.state for one in judged(MAIL)] == ["ok"]
    foreign = replace(OURS, domain="news.a.example")
    assert [one.state for one in judged(replace(MAIL, signatures=[foreign]))] == ["ok"]


BROKEN = replace(OURS, valid=False, reason="body hash mismatch")
ODD = {
    "no signature": (replace(MAIL, signatures=[]), "wrong", "no DKIM-Signature"),
    "another sender": (replace(MAIL, author="x.test"), "wrong", "x.test"),
    "no unsubscribe": (replace(MAIL, headers={}), "wrong", "List-Unsubscribe"),
    "mailto alone": (
        replace(MAIL, headers={**HEADERS, "list-unsubscribe": "<mailto:u@a.example>"}),
        "wrong",
        "https link",
    ),
    "no post": (replace(MAIL, headers={"list-unsubscribe": "<https://a.example/u/x>"}), "wrong", "One-Click"),
    "the body changed": (replace(MAIL, signatures=[BROKEN]), "wrong", "sign last"),
    "a broken one beside ours": (replace(MAIL, signatures=[OURS, BROKEN]), "warning", "not valid"),
    "a foreign domain": (
        replace(MAIL, signatures=[replace(OURS, domain="esp.test")]),
        "wrong",
        "does not count for a.example",
    ),
    "unsubscribe not covered": (
        replace(MAIL, signatures=[replace(OURS, signed=ALL[:-2])]),
        "wrong",
        "add list-unsubscribe, list-unsubscribe-post to the headers the relay signs",
    ),
    "date not covered": (
        replace(MAIL, signatures=[replace(OURS, signed=tuple(one for one in ALL if one != "date"))]),
        "warning",
        "date",
    ),
    "a part of the body": (replace(MAIL, signatures=[replace(OURS, part_of_body=True)]), "warning", "l="),
}


@pytest.mark.parametrize(("mail", "grade", "named"), ODD.values(), ids=ODD.keys())
def test_what_is_amiss_is_named(mail: TrialMail, grade: str, named: str) -> None:
    assert named in said(judged(mail), grade)


def test_strict_alignment_wants_the_very_domain() -> None:
    mail = replace(MAIL, signatures=[replace(OURS, domain="news.a.example")])
    assert "does not count" in said(judged(mail, ZONE + "; adkim=s"), "wrong")
