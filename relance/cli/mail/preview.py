"""`mail preview`: each mail as it would go."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer
from relance.cli.base.saving import save
from relance.domain.channels.messages import Attachment
from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.slots import LANGUAGES
from relance.services.mail_preview import MailPreview

ALL = "all"


class Language(StrEnum):
    """What mails are written in."""

    FR = "fr"
    EN = "en"


TemplateArgument = Annotated[str, typer.Argument(metavar="TEMPLATE", help=f"{', '.join(MailKind)}, or {ALL}.")]
LanguageOption = Annotated[
    Language | None, typer.Option(help="Without it both for a sample person, and a contact's own for a contact.")
]
ContactOption = Annotated[str | None, typer.Option(metavar="ID", help="Write it to this contact, as it would go now.")]
SampleOption = Annotated[bool, typer.Option("--sample", help="Write it to a person who does not exist; the default.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Show it in the browser.")]
OutOption = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write .html, .txt and .eml into this folder.")]


async def preview(
    run: Run,
    template: TemplateArgument,
    *,
    language: LanguageOption = None,
    contact: ContactOption = None,
    sample: SampleOption = False,
    open_: OpenOption = False,
    out: OutOption = None,
) -> Answer:
    """Show a mail as it would go, with links that do nothing; nothing is sent or recorded."""
    kinds = kinds_of(template)
    if contact is not None and sample:
        invalid("--sample", "it excludes --contact", "leave one of them out")
    previews = await _previews(run, kinds, language, contact)
    if open_ and out is None:
        out = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="relance-mails-"))
    files = await save(out, _files(previews)) if out is not None else []
    if open_:
        for file in files:
            if file.endswith(".html"):
                await asyncio.to_thread(typer.launch, file)
    return Answer({"mails": [_data(one) for one in previews], "files": files}, _view(previews, files))


def kinds_of(template: str) -> Sequence[MailKind]:
    """Return the mails a person named.

    Raises:
        InvalidInput: there is no such mail.
    """
    if template == ALL:
        return tuple(MailKind)
    if template not in set(MailKind):
        invalid("TEMPLATE", f"there is no mail {template!r}", f"write {', '.join(MailKind)} or {ALL}")
    return (MailKind(template),)


async def _previews(
    run: Run, kinds: Sequence[MailKind], language: Language | None, contact: str | None
) -> list[MailPreview]:
    previews = run.services.mail_previews(run.settings)
    if contact is None:
        languages = LANGUAGES if language is None else (language.value,)
        return [previews.sample(kind, chosen) for kind in kinds for chosen in languages]
    async with run.database() as database:
        return [
            await previews.of_contact(
                kind, contact, database.users, database.contacts, language=language or "", masked=False
            )
            for kind in kinds
        ]


def _files(previews: Sequence[MailPreview]) -> list[Attachment]:
    return [
        Attachment(f"{one.kind}.{one.language}.{ending}", content_type, content)
        for one in previews
        for ending, content_type, content in (
            ("html", "text/html", one.html.encode()),
            ("txt", "text/plain", one.text.encode()),
            ("eml", "message/rfc822", one.message),
        )
    ]


def _data(one: MailPreview) -> dict[str, object]:
    return {
        "template": one.kind,
        "language": one.language,
        "subject": one.subject,
        "headers": [list(header) for header in one.headers],
        "text": one.text,
        "html": one.html,
        "bytes": len(one.message),
    }


def _view(previews: Sequence[MailPreview], files: Sequence[str]) -> Group:
    if files:
        return Group(*(Text(file) for file in files))
    parts: list[Text] = []
    for one in previews:
        parts.append(Text(f"{one.kind} ({one.language}), {len(one.message)} bytes", style="bold"))
        parts += [Text(f"{name}: {value}", style="dim") for name, value in one.headers]
        parts.append(Text(f"\n{one.text}"))
    return Group(*parts)
