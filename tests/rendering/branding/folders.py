"""Folders of templates for the tests: the example of the project, or a small one with what a test puts into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from relance.rendering.branding.loading import LoadedTemplates, load_templates
from relance.settings.mail import MailGroup

EXAMPLE = Path(__file__).parents[3] / "deploy" / "templates" / "example"
BRAND = 'postal_address = "1 rue A, Paris"\nprivacy_url = "https://us.org/privacy"\n'


def settings_for(folder: Path) -> MailGroup:
    return MailGroup(templates=folder, rehearsal=True)


def loaded(folder: Path, files: Mapping[str, str | bytes] | None = None) -> LoadedTemplates:
    """Write files into a folder, beside a sufficient `brand.toml`, and load it."""
    for name, content in {"brand.toml": BRAND, **(files or {})}.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return load_templates(settings_for(folder))


def sentences(found: LoadedTemplates) -> list[str]:
    return [str(finding) for finding in found.findings]
