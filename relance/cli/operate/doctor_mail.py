"""`doctor --mail`: what mailbox providers must find before they take production mail (SPEC section 14)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer, table
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.invitations.addresses import domain_of
from relance.domain.mail_setup.judge import MailNames, judge
from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion, LookupState, RecordKind
from relance.domain.mail_setup.relay_tls import RelayTls, judge_tls
from relance.domain.mail_setup.trial_mail import TrialMail
from relance.ports.dns import DnsLookups
from relance.runtime.process_exit import DONE, JOB_FAILED, UNREACHABLE

PATIENCE = 30.0
"""Seconds for all look-ups together; what is not answered by then counts as failed."""
MOST_QUESTIONS = 300
MOST_BYTES = 20_000_000
NO_TIME = DnsAnswer(LookupState.FAILED, reason=f"no answer within {PATIENCE:g} s, all look-ups together")
EVERYWHERE = DnsQuestion("com", RecordKind.TXT)
"""A name that exists wherever public names do; a name server that is cut off denies it, like all others."""
NO_NETWORK = "no public name can be looked up and the relay cannot be reached: this machine has no network"
NO_DNS = "no name server answers, so nothing about DNS can be said"
CUT_OFF = "the name server knows no public name, not even com: it is cut off, so nothing about DNS can be said"

MailOption = Annotated[bool, typer.Option("--mail", help="Check what production mail needs: DNS, relay, signature.")]
MessageOption = Annotated[
    Path | None, typer.Option("--message", help="With --mail: a received trial mail (.eml), to verify its signature.")
]
SelectorOption = Annotated[
    list[str] | None, typer.Option("--selector", help="With --mail: a DKIM selector, or selector@domain. Repeatable.")
]
SentFromOption = Annotated[
    list[str] | None,
    typer.Option("--sent-from", help="With --mail: a public address the mails come from. Repeatable."),
]
ResolverOption = Annotated[
    list[str] | None,
    typer.Option("--resolver", help="With --mail: a name server, ADDRESS or ADDRESS:PORT. Repeatable."),
]


@dataclass(frozen=True, slots=True)
class MailOptions:
    """What the command line adds: a received mail, selectors, addresses the mails come from, name servers."""

    message: Path | None = None
    selectors: Sequence[str] = ()
    sent_from: Sequence[str] = ()
    resolvers: Sequence[str] = ()


async def check_mail(run: Run, options: MailOptions) -> Answer:
    """Look everything up and judge it."""
    raw = _read(options.message) if options.message is not None else None
    given = tuple(_public(address) for address in options.sent_from)
    lookups = run.services.dns(options.resolvers)
    seeing = asyncio.ensure_future(run.services.relay_tls(run.settings))
    try:
        asking = _Asking(lookups)
        trouble = await asking.trouble()
        findings = [] if trouble else await _of_dns(run, asking, raw, options, given)
        seen = await seeing
    finally:
        seeing.cancel()
    return _answer(_merged(run, trouble, findings, seen))


async def _of_dns(
    run: Run, asking: _Asking, raw: bytes | None, options: MailOptions, given: tuple[str, ...]
) -> list[CheckFinding]:
    mail = run.settings.mail
    addresses = given or await asking.public_addresses(mail.host)
    trial = await run.services.trial_mail(raw, asking.lookups) if raw is not None else None
    author = domain_of(mail.sender_address)
    unsubscribe = run.settings.intake.unsubscribe_address
    names = MailNames(
        author=author,
        bounce=mail.bounce_domain.lower(),
        reply=domain_of(mail.reply_to) if mail.reply_to else author,
        unsubscribe=domain_of(unsubscribe) if unsubscribe else mail.bounce_domain.lower(),
        selectors=tuple(options.selectors),
        addresses=addresses,
    )
    return await asking.settled(names, trial)


@dataclass(slots=True)
class _Asking:
    """Asks until nothing is missing, or the time or the number of questions is used up."""

    lookups: DnsLookups
    known: dict[DnsQuestion, DnsAnswer] = field(default_factory=dict)
    until: float = field(default_factory=lambda: asyncio.get_running_loop().time() + PATIENCE)

    async def trouble(self) -> str:
        """Return why nothing about DNS can be said, or nothing."""
        await self._ask([EVERYWHERE])
        if not self.lookups.reached:
            return NO_DNS
        return CUT_OFF if self.known[EVERYWHERE].state is LookupState.NO_NAME else ""

    async def settled(self, names: MailNames, trial: TrialMail | None) -> list[CheckFinding]:
        while (verdict := judge(names, self.known, trial)).missing:
            await self._ask(verdict.missing)
        return list(dict.fromkeys(verdict.findings))

    async def public_addresses(self, host: str) -> tuple[str, ...]:
        """Return the addresses of the relay that the outside may see."""
        found: Sequence[str] = (host.strip("[]"),)
        if not _is_address(host):
            questions = [DnsQuestion(host.rstrip(".").lower(), kind) for kind in (RecordKind.A, RecordKind.AAAA)]
            await self._ask(questions)
            found = [value for question in questions for value in self.known[question].values]
        return tuple(address for address in found if ip_address(address).is_global)

    async def _ask(self, questions: Sequence[DnsQuestion] | frozenset[DnsQuestion]) -> None:
        left = self.until - asyncio.get_running_loop().time()
        answers: Mapping[DnsQuestion, DnsAnswer] = {}
        if left > 0 and len(self.known) < MOST_QUESTIONS:
            try:
                async with asyncio.timeout(left):
                    answers = await self.lookups.ask(questions)
            except TimeoutError:
                pass
        self.known |= {question: answers.get(question, NO_TIME) for question in questions}


def _merged(run: Run, trouble: str, findings: list[CheckFinding], seen: RelayTls) -> list[CheckFinding]:
    """Return one finding instead of many where there is no network."""
    relay = judge_tls(seen, run.services.clock.now(), verified=run.settings.mail.verify_certificate)
    if not trouble:
        return [*findings, *relay]
    if seen.trouble:
        return [CheckFinding("network", FindingState.UNREACHABLE, NO_NETWORK, "connect it, and repeat the check")]
    remedy = "set the machine's name server, or name one: --resolver ADDRESS"
    return [CheckFinding("DNS", FindingState.UNREACHABLE, trouble, remedy), *relay]


def _answer(findings: Sequence[CheckFinding]) -> Answer:
    states = {finding.state for finding in findings}
    code = UNREACHABLE if FindingState.UNREACHABLE in states else JOB_FAILED if FindingState.WRONG in states else DONE
    rows = [(finding.what, finding.state, finding.detail, finding.remedy) for finding in findings]
    checks = [
        {"part": finding.what, "state": finding.state, "detail": finding.detail, "remedy": finding.remedy}
        for finding in findings
    ]
    view = table("Mail set-up", ("part", "state", "detail", "to mend"), rows)
    return Answer({"ready": code == DONE, "checks": checks}, view, code)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        invalid("--message", f"{path} cannot be read ({error.strerror})", "name the file of a received mail")
    if len(raw) > MOST_BYTES:
        invalid(
            "--message", f"{path} is larger than {MOST_BYTES // 1_000_000} MB", "name the file of one received mail"
        )
    return raw


def _public(text: str) -> str:
    bare = text.strip("[]")
    if not _is_address(bare) or not ip_address(bare).is_global:
        invalid(
            "--sent-from",
            f"{text!r} is no public address",
            "give the address that receivers see, not one of a private network or of a document",
        )
    return str(ip_address(bare))


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
