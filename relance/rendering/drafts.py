"""A mail whose slots are marked and not filled: what Jinja makes of a template."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from jinja2 import Template
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.slots import mark
from relance.rendering.branding.model import Branding
from relance.rendering.jinja_templates import environment
from relance.rendering.plain_text import plain_text
from relance.settings.mail import MailGroup

_SLOTS = ("greeting", "sender", "form_url", "unsubscribe_url", "opened")


@dataclass(frozen=True)
class Draft:
    """One template in one language."""

    html: str
    subject_line: str

    @cached_property
    def text(self) -> str:
        """The text part, made from the HTML."""
        return plain_text(self.html)


def drafted(
    mail: MailGroup, kind: MailKind, language: str, branding: Branding, jinja: SandboxedEnvironment | None = None
) -> Draft:
    """Render one template for the sender of these settings.

    `jinja` is `environment(branding)`, made once for several.
    """
    jinja = jinja or environment(branding)
    name = f"{kind}.{language}.html"
    brand = branding.name or mail.sender_name
    html = jinja.get_template(name).render(
        language=language,
        brand=brand,
        logo=branding.logo,
        postal_address=branding.postal_address,
        privacy_url=branding.privacy_urls.get(language, ""),
        **{slot: mark(slot) for slot in _SLOTS},
    )
    html = "\n".join(line.strip() for line in html.splitlines() if line.strip()) + "\n"
    return Draft(html, _subject_line(jinja, name, brand))


def _subject_line(jinja: SandboxedEnvironment, name: str, brand: str) -> str:
    # A subject is not HTML: nothing in it is escaped.
    values = {"sender": mark("sender"), "brand": Markup(brand)}  # noqa: S704
    template = _with_subject(jinja, name)
    return " ".join("".join(template.blocks["subject"](template.new_context(values))).split())


def _with_subject(jinja: SandboxedEnvironment, name: str) -> Template:
    own = jinja.get_template(name)
    return own if "subject" in own.blocks else jinja.get_template(f"relance/{name}")
