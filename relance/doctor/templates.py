"""What `mail check` and `doctor` say about the mails' templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.mail_templates.finding import TemplateFinding
from relance.domain.sentences import Sentence

if TYPE_CHECKING:
    from relance.settings.mail import MailGroup

SETTING = "RELANCE_MAIL__TEMPLATES"


def findings_of(mail: MailGroup) -> list[TemplateFinding]:
    """Return what is wrong with the folder of these settings; without one, that mails have no legal notice."""
    from relance.rendering.branding.loading import load_templates

    if mail.templates is None:
        problem = Sentence("mails name no postal address and no page about data protection")
        remedy = Sentence("set it to a folder with a brand.toml (docs/mails.md)")
        return [TemplateFinding(SETTING, None, problem, remedy, FindingState.WARNING)]
    return list(load_templates(mail).findings)


def template_rows(mail: MailGroup) -> list[CheckFinding]:
    """Return the rows of `doctor`."""
    found = [
        CheckFinding(
            "mail templates",
            finding.state,
            Sentence("{where}: {problem}", where=finding.where, problem=finding.problem),
            finding.remedy,
        )
        for finding in findings_of(mail)
    ]
    return found or [
        CheckFinding(
            "mail templates", FindingState.FINE, Sentence("{folder}, every mail can be written", folder=mail.templates)
        )
    ]
