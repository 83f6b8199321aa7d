"""The folder as a whole: read, checked file by file, then each mail as it would go."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from relance.domain.health.check_finding import FindingState
from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.finding import TemplateFinding
from relance.domain.mail_templates.markup import markup_findings
from relance.domain.mail_templates.slots import LANGUAGES
from relance.errors import SettingsError
from relance.rendering.branding.brand_file import read_brand
from relance.rendering.branding.folder import read_folder
from relance.rendering.branding.model import Branding
from relance.rendering.branding.sources import fragments, source_findings
from relance.rendering.branding.whole_mail import mail_findings
from relance.rendering.drafts import drafted
from relance.rendering.jinja_templates import environment
from relance.settings.mail import MailGroup
from relance.settings.unfit import is_reserved

SETTING = "RELANCE_MAIL__TEMPLATES"


@dataclass(frozen=True, slots=True)
class LoadedTemplates:
    """The mails' looks and what is wrong with them; with a wrong finding they are not to be used."""

    branding: Branding
    findings: tuple[TemplateFinding, ...] = ()

    @property
    def wrong(self) -> list[TemplateFinding]:
        """What stops a worker."""
        return [finding for finding in self.findings if finding.state is FindingState.WRONG]


def load_templates(mail: MailGroup) -> LoadedTemplates:
    """Read the folder of these settings once and check it; without a folder mails look as ours do."""
    if mail.templates is None:
        return LoadedTemplates(Branding())
    content = read_folder(mail.templates)
    branding, found = read_brand(content, mail)
    findings = [*content.findings, *found]
    sources = {name: text for name, text in content.texts.items() if name.endswith(".html")}
    for name, source in sources.items():
        findings += _file(name, source, mail)
    branding = replace(branding, sources=sources)
    if not any(finding.state is FindingState.WRONG for finding in findings):
        findings += _mails(mail, branding)
    return LoadedTemplates(branding, tuple(dict.fromkeys(findings)))


def checked_branding(mail: MailGroup) -> Branding:
    """Return the looks of these settings.

    Raises:
        SettingsError: something is wrong with the folder; names each file, line and remedy.
    """
    loaded = load_templates(mail)
    if loaded.wrong:
        raise SettingsError(f"{SETTING}: {mail.templates}: " + ". ".join(map(str, loaded.wrong)))
    return loaded.branding


@contextmanager
def kept_templates(mail: MailGroup) -> Iterator[Mapping[str, str]]:
    """Keep the folder as it is now for the processes of a supervisor; yield the variable that leads them to the copy.

    A process that is replaced hours later then writes the same mails as its neighbours.
    """
    if mail.templates is None:
        yield {}
        return
    with TemporaryDirectory(prefix="relance-templates-") as folder:
        for file in mail.templates.iterdir():
            if file.is_file() and not file.name.startswith("."):
                shutil.copyfile(file, Path(folder) / file.name)
        yield {SETTING: folder}


def _file(name: str, source: str, mail: MailGroup) -> list[TemplateFinding]:
    jinja = environment(Branding())
    findings = source_findings(jinja, name, source)
    if findings:
        return findings
    return [
        finding
        for fragment in fragments(jinja, source)
        if fragment.block != "subject"
        for finding in markup_findings(
            name, fragment.line, fragment.html, lambda host: not mail.rehearsal and is_reserved(host)
        )
    ]


def _mails(mail: MailGroup, branding: Branding) -> Iterator[TemplateFinding]:
    jinja = environment(branding)
    for kind in MailKind:
        for language in LANGUAGES:
            draft = drafted(mail, kind, language, branding, jinja)
            yield from mail_findings(kind, language, draft, branding)
