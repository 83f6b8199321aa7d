"""The Jinja templates of this package: sandboxed, escaped, and strict about what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, PackageLoader, PrefixLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from relance.domain.mail_templates.slots import MACROS
from relance.rendering.branding.model import Branding

_OURS = "relance"


def template_of(name: str) -> Template:
    """Return a template by its file name, compiled."""
    return environment(Branding()).get_template(name)


def environment(branding: Branding) -> SandboxedEnvironment:
    """Return an environment in which the blocks of one's own come before ours."""
    ours = PackageLoader("relance.rendering")
    own: Mapping[str, str] = {name: _extending(name, source) for name, source in branding.sources.items()}
    loaders: list[BaseLoader] = [DictLoader(own), ours, PrefixLoader({_OURS: ours})]
    jinja = SandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Macros see these as well, which know nothing of what a template is rendered with.
    jinja.globals.update(light=branding.light, dark=branding.dark)
    return jinja


def _extending(name: str, source: str) -> str:
    # On the first line, so that the lines of the file keep their numbers.
    return f'{{% extends "{_OURS}/{name}" %}}{{% from "paragraph.html" import {", ".join(MACROS)} %}}{source}'
