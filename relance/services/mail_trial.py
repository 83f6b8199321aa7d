"""Trial mails to oneself: never to who has opted out, and no ledger knows of them (SPEC K5)."""

from __future__ import annotations

from collections.abc import Sequence

from relance.domain.failures import classify_smtp
from relance.domain.invitations.addresses import normalise, valid_address
from relance.domain.invitations.invitation import MailKind
from relance.domain.sentences import Sentence
from relance.errors import InvalidInput, MailRefused
from relance.ports import Suppressions
from relance.services.mail_preview import HandOver, MailPreview, MailPreviews


async def send_trials(
    to_address: str,
    kinds: Sequence[MailKind],
    languages: Sequence[str],
    *,
    trials: MailPreviews,
    suppressions: Suppressions,
    hand_over: HandOver,
    field: str,
) -> list[MailPreview]:
    """Send trials to an address and return them; `trials` must write mails that say they are one.

    Raises:
        InvalidInput: the address, given in `field`, cannot be written to, or has opted out, or the relay refuses it.
        MailUncertain, DependencyUnavailable: the relay did not take it, as far as we know.
    """
    if not valid_address(to_address):
        raise InvalidInput(
            field, Sentence("it is not an address mail can be sent to"), Sentence("write all of it, with the domain")
        )
    address = normalise(to_address)
    if await suppressions.suppressed([address]):
        raise InvalidInput(field, Sentence("this address has opted out, or bounces"), Sentence("write to another one"))
    mails = [trials.sample(kind, language, address) for kind in kinds for language in languages]
    for mail in mails:
        try:
            await hand_over(address, mail.message)
        except MailRefused as refusal:
            failure = classify_smtp(refusal.code, refusal.text, refusal.stage)
            # The relay's own words may name an address; the code leads to the table.
            reason = f"the relay refused the trial with {refusal.code} at {refusal.stage} ({failure.code})"
            raise InvalidInput(field, reason, Sentence("see docs/errors.md for the code")) from None
    return mails
