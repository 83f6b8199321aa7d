"""`mail test`: a trial mail to oneself, over the relay that carries the real ones."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer
from relance.cli.mail.preview import Language, kinds_of
from relance.domain.failures import classify_smtp
from relance.domain.invitations.addresses import normalise, valid_address
from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.slots import LANGUAGES
from relance.errors import MailRefused, RelanceError
from relance.settings.unfit import check_names

ToOption = Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Your own address.")]
TemplateOption = Annotated[str, typer.Option(metavar="TEMPLATE", help=f"{', '.join(MailKind)}, or all.")]
LanguageOption = Annotated[Language | None, typer.Option(help="Without it both.")]


async def trial(
    run: Run, *, to: ToOption, template: TemplateOption = MailKind.INVITATION, language: LanguageOption = None
) -> Answer:
    """Send a trial mail to yourself, over the relay of the settings.

    Its subject begins with [Trial], its links do nothing, and no ledger knows of it. It shows a person who does not
    exist. An address that has opted out gets none.
    """
    kinds = kinds_of(template)
    if not valid_address(to):
        invalid("--to", "it is not an address mail can be sent to", "write all of it, with the domain")
    address = normalise(to)
    check_names(run.settings.mail, run.settings.gateway)
    async with run.database() as database:
        if await database.suppressions.suppressed([address]):
            invalid("--to", "this address has opted out, or bounces", "write to another one")
    previews = run.services.mail_previews(run.settings, trial=True)
    languages = LANGUAGES if language is None else (language.value,)
    mails = [previews.sample(kind, chosen, address) for kind in kinds for chosen in languages]
    for mail in mails:
        try:
            await run.services.send_trial(run.settings, address, mail.message)
        except MailRefused as refusal:
            failure = classify_smtp(refusal.code, refusal.text, refusal.stage)
            raise RelanceError(
                f"the relay refused the trial with {refusal.code} at {refusal.stage} ({failure.code})"
            ) from None
    data = {"sent": [{"template": mail.kind, "language": mail.language, "subject": mail.subject} for mail in mails]}
    return Answer(data, "\n".join(f"sent: {mail.subject}" for mail in mails))
