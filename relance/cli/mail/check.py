"""`mail check`: what is wrong with the folder of templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.doctor.templates import findings_of
from relance.domain.health.check_finding import FindingState
from relance.runtime.process_exit import DONE, JOB_FAILED

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--templates", metavar="FOLDER", help="Check this folder; without it that of RELANCE_MAIL__TEMPLATES."
    ),
]
RehearsalOption = Annotated[
    bool, typer.Option("--rehearsal", help="Let names for examples (form-a-friend.example) stand in links.")
]


async def check(run: Run, *, templates: FolderOption = None, rehearsal: RehearsalOption = False) -> Answer:
    """Check the mails' templates as a worker does when it starts; needs no server.

    Exit code 0: a worker would start (there may be warnings), 1: something is wrong.
    """
    mail = run.settings.mail
    if templates is not None:
        mail = mail.model_copy(update={"templates": templates})
    if rehearsal:
        mail = mail.model_copy(update={"rehearsal": True})
    findings = findings_of(mail)
    fields = ("file", "line", "state", "problem", "remedy")
    rows = [(finding.where, finding.state, finding.problem, finding.remedy) for finding in findings]
    code = JOB_FAILED if any(finding.state is FindingState.WRONG for finding in findings) else DONE
    checks = [{field: getattr(finding, field) for field in fields} for finding in findings]
    data = {"folder": str(mail.templates) if mail.templates else None, "fit": code == DONE, "checks": checks}
    title = f"The mails' templates in {mail.templates}" if mail.templates else "The mails' templates: Relance's own"
    if not findings:
        return Answer(data, f"{title}: nothing is wrong.", code)
    return Answer(data, table(title, ("where", "state", "what is wrong", "to mend"), rows), code)
