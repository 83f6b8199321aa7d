"""A trial mail as a mailbox has received it: signed by whom, over which headers, and does it count (RFC 6376, 8058)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from relance.domain.health.check_finding import CheckFinding
from relance.domain.mail_setup.dmarc import strict, tags_for
from relance.domain.mail_setup.domains import aligned
from relance.domain.mail_setup.findings import fine, warning, wrong
from relance.domain.mail_setup.records import Records

PART = "trial mail"
ONE_CLICK = "list-unsubscribe=one-click"
MUST_BE_SIGNED = ("from", "list-unsubscribe", "list-unsubscribe-post")
"""RFC 6376 section 5.4, RFC 8058 section 3.1: without the last two in `h=` nobody shows the unsubscribe button."""
SHOULD_BE_SIGNED = ("to", "subject", "date", "message-id")


@dataclass(frozen=True, slots=True)
class MailSignature:
    """One DKIM-Signature: what it says, whether the library found it valid, and if not, why."""

    domain: str
    selector: str
    signed: tuple[str, ...]
    valid: bool
    reason: str = ""
    part_of_body: bool = False


@dataclass(frozen=True, slots=True)
class TrialMail:
    """What matters of a received mail; header names are lower case, `author` is the domain of From."""

    author: str
    headers: Mapping[str, str]
    signatures: Sequence[MailSignature]


def judge_trial(records: Records, mail: TrialMail, author: str) -> list[CheckFinding]:
    """Judge a received mail; `author` is the From domain of the settings."""
    if mail.author != author:
        remedy = "take a mail that this installation sent, as the mailbox stores it (show original, download)"
        return [wrong(PART, f"it comes from {mail.author or 'nobody'}, not from {author}", remedy)]
    findings = list(_headers(mail))
    if not mail.signatures:
        remedy = f"turn on DKIM signing at the relay, with d={author}"
        return [*findings, wrong(PART, "it has no DKIM-Signature", remedy)]
    valid = [signature for signature in mail.signatures if signature.valid]
    invalid = [signature for signature in mail.signatures if not signature.valid]
    # A second, foreign signature that does not hold harms nobody as long as ours does.
    report = warning if valid else wrong
    findings += [
        report(PART, f"the signature of {_who(signature)} is not valid: {signature.reason}", _remedy(signature.reason))
        for signature in invalid
    ]
    by_adkim = strict(tags_for(records, author), "adkim")
    counting = [signature for signature in valid if aligned(records, signature.domain, author, strict=by_adkim)]
    if valid and not counting:
        who = ", ".join(_who(signature) for signature in valid)
        remedy = f"have the relay sign with d={author}"
        findings.append(wrong(PART, f"it is signed by {who}, which does not count for {author} (DMARC)", remedy))
    findings += [finding for signature in counting for finding in _signature(signature)]
    return findings


def _headers(mail: TrialMail) -> Iterator[CheckFinding]:
    link = mail.headers.get("list-unsubscribe", "")
    post = "".join(mail.headers.get("list-unsubscribe-post", "").split()).lower()
    remedy = "see whether the relay removes or rewrites headers; Relance writes both"
    if "<https://" not in link.lower():
        yield wrong(PART, "it has no List-Unsubscribe with an https link (RFC 8058)", remedy)
    if post != ONE_CLICK:
        yield wrong(PART, "it has no List-Unsubscribe-Post: List-Unsubscribe=One-Click (RFC 8058)", remedy)


def _signature(signature: MailSignature) -> Iterator[CheckFinding]:
    unsigned = [name for name in MUST_BE_SIGNED if name not in signature.signed]
    if unsigned:
        names = ", ".join(unsigned)
        remedy = f"add {names} to the headers the relay signs"
        yield wrong(PART, f"the signature of {_who(signature)} does not cover {names}: no unsubscribe button", remedy)
    else:
        yield fine(
            PART, f"the signature of {_who(signature)} is valid and covers List-Unsubscribe and List-Unsubscribe-Post"
        )
    missing = [name for name in SHOULD_BE_SIGNED if name not in signature.signed]
    if missing:
        remedy = f"add {', '.join(missing)} to the headers the relay signs"
        yield warning(PART, f"the signature of {_who(signature)} does not cover {', '.join(missing)}", remedy)
    if signature.part_of_body:
        detail = f"the signature of {_who(signature)} covers a part of the body only (l=): others may append to it"
        yield warning(PART, detail, "turn l= off at the relay")


def _who(signature: MailSignature) -> str:
    return f"{signature.selector}@{signature.domain}"


def _remedy(reason: str) -> str:
    if "body" in reason:
        return "the body changed after it was signed: sign last, and take the mail unchanged from the mailbox"
    return "see that the key published is the relay's, and that nothing changes the headers after they are signed"
