"""`mail test`: a trial mail to oneself, over the relay that carries the real ones."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from relance.cli.base.command import Run
from relance.cli.base.output import Answer
from relance.cli.mail.preview import Language, kinds_of
from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.slots import LANGUAGES
from relance.services.mail_trial import send_trials

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
    trials = run.services.mail_previews(run.settings, trial=True)
    async with run.database() as database:
        mails = await send_trials(
            to,
            kinds,
            LANGUAGES if language is None else (language.value,),
            trials=trials,
            suppressions=database.suppressions,
            hand_over=partial(run.services.send_trial, run.settings),
            field="--to",
        )
    data = {"sent": [{"template": mail.kind, "language": mail.language, "subject": mail.subject} for mail in mails]}
    return Answer(data, "\n".join(f"sent: {mail.subject}" for mail in mails))
