"""All of it together: every finding about DNS, and the questions that are not answered yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.dkim import judge_dkim
from relance.domain.mail_setup.dmarc import judge_dmarc
from relance.domain.mail_setup.mail_exchangers import judge_mx
from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion, Records
from relance.domain.mail_setup.reverse_names import judge_ptr
from relance.domain.mail_setup.spf import judge_spf
from relance.domain.mail_setup.trial_mail import TrialMail, judge_trial


@dataclass(frozen=True, slots=True)
class MailNames:
    """The names that the settings and the command line give.

    Domains of From, of the envelope sender, of Reply-To and of unsubscribe mails; DKIM selectors; public addresses the
    mails come from.
    """

    author: str
    bounce: str
    reply: str
    unsubscribe: str
    selectors: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailVerdict:
    """The findings, which hold once no question is left."""

    findings: tuple[CheckFinding, ...]
    missing: frozenset[DnsQuestion]


def judge(names: MailNames, known: Mapping[DnsQuestion, DnsAnswer], trial: TrialMail | None) -> MailVerdict:
    """Judge the mail set-up by the answers known so far."""
    records = Records(known)
    selectors = names.selectors
    if trial is not None:
        selectors = tuple(
            dict.fromkeys((*selectors, *(f"{signature.selector}@{signature.domain}" for signature in trial.signatures)))
        )
    findings = [
        *judge_spf(records, names.bounce, names.addresses),
        *judge_dkim(records, names.author, selectors),
        *judge_dmarc(records, names.author, names.bounce),
        *judge_mx(records, names.bounce, part="bounce MX", what="bounces"),
        *judge_mx(records, names.reply, part="answers MX", what="answers"),
        *_of_unsubscribe_mails(records, names),
        *judge_ptr(records, names.addresses),
        *(judge_trial(records, trial, names.author) if trial is not None else ()),
    ]
    return MailVerdict(tuple(findings), frozenset(records.missing))


def _of_unsubscribe_mails(records: Records, names: MailNames) -> list[CheckFinding]:
    if names.unsubscribe in {names.bounce, names.reply}:
        return []
    return judge_mx(records, names.unsubscribe, part="unsubscribe MX", what="unsubscribe mails")
