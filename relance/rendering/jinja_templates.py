"""The Jinja templates of this package: sandboxed, escaped, and strict about what is missing."""

from __future__ import annotations

from jinja2 import PackageLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment


def template_of(name: str) -> Template:
    """Return a template by its file name, compiled."""
    environment = SandboxedEnvironment(
        loader=PackageLoader("relance.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
