"""`brand.toml`: name, logo, colours, legal notice and reply address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from relance.domain.health.check_finding import FindingState
from relance.domain.mail_templates.colours import DARK, LIGHT, Colours, low_contrasts
from relance.domain.mail_templates.finding import TemplateFinding, meant
from relance.domain.mail_templates.links import link_trouble, placeholder
from relance.domain.mail_templates.slots import LANGUAGES
from relance.rendering.branding.folder import BRAND_FILE, FolderContent
from relance.rendering.branding.logo import logo_findings
from relance.rendering.branding.model import Branding, Logo
from relance.settings.mail import Address, MailGroup, one_line
from relance.settings.unfit import is_reserved

_Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
_Line = Annotated[str, AfterValidator(one_line), Field(max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LogoPart(_Part):
    """The logo in place of the first letter of the name."""

    file: str = Field(pattern=r"^[^/\\]+$", description="The picture, in the same folder: PNG, JPEG or GIF.")
    width: int = Field(ge=16, le=300, description="Pixels it is shown wide; the picture itself twice as wide is sharp.")
    height: int = Field(ge=16, le=120, description="Pixels it is shown high.")
    alternative: _Line = Field(description="What is read where pictures are not shown.")


class ColoursPart(_Part):
    """Each as `#rrggbb`; one that is not set is Relance's own."""

    page: _Colour | None = Field(None, description="behind everything")
    card: _Colour | None = Field(None, description="behind the text")
    border: _Colour | None = Field(None, description="around the card")
    title: _Colour | None = Field(None, description="the title and the name")
    text: _Colour | None = Field(None, description="the paragraphs")
    quiet: _Colour | None = Field(None, description="the line below the button and the footer")
    accent: _Colour | None = Field(None, description="the button, the small line above the title")
    on_accent: _Colour | None = Field(None, description="the words on the button")
    aside: _Colour | None = Field(None, description="behind a paragraph in a box")
    on_aside: _Colour | None = Field(None, description="the text in a box")


class BrandPart(_Part):
    """The whole file."""

    name: _Line | None = Field(None, description="The name in the mails; `RELANCE_MAIL__SENDER_NAME` without it.")
    reply_to: Address | None = Field(None, description="Where answers go, unless `RELANCE_MAIL__REPLY_TO` is set.")
    postal_address: _Line = Field(description="The legal notice's address, on one line.")
    privacy_url: str | dict[str, str] = Field(
        description="The page about data protection: one address, or a table with `fr` and `en`."
    )
    logo: LogoPart | None = Field(None, description="The table `[logo]`.")
    colours: ColoursPart = Field(ColoursPart(), description="The table `[colours]`.")
    dark: ColoursPart = Field(ColoursPart(), description="The table `[dark]`: the colours of dark mode.")


def read_brand(content: FolderContent, mail: MailGroup) -> tuple[Branding, list[TemplateFinding]]:
    """Return what `brand.toml` says, and what is wrong with it."""
    text = content.texts.get(BRAND_FILE)
    if text is None:
        if any(finding.file == BRAND_FILE for finding in content.findings):
            return Branding(), []
        problem = "the file is missing: a folder of one's own says who writes"
        return Branding(), [TemplateFinding(BRAND_FILE, None, problem, "write at least postal_address and privacy_url")]
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        at = re.search(r"line (\d+)", place)
        line = int(at[1]) if at else text.rstrip().count("\n") + 1
        return Branding(), [TemplateFinding(BRAND_FILE, line, f"it is no TOML: {reason}", "see docs/mails.md")]
    except (ValueError, RecursionError):
        # tomllib leaves these to its caller: a number of thousands of digits, thousands of brackets.
        problem = "a number in it is too long, or brackets are nested too deeply"
        return Branding(), [TemplateFinding(BRAND_FILE, None, problem, "see docs/mails.md")]
    try:
        part = BrandPart.model_validate(given)
    except ValidationError as error:
        return Branding(), [
            _invalid(text, problem["loc"], problem["type"], problem["msg"]) for problem in error.errors()
        ]
    return _Reading(text, content, mail).branding(part)


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str
    content: FolderContent
    mail: MailGroup

    def branding(self, part: BrandPart) -> tuple[Branding, list[TemplateFinding]]:
        light, dark = _coloured(LIGHT, part.colours), _coloured(DARK, part.dark)
        logo, found = self._logo(part.logo)
        named = part.logo.file if part.logo else None
        found += [
            TemplateFinding(
                name, None, "nothing shows this picture", f"name it in [logo] of {BRAND_FILE}, or remove it"
            )
            for name in self.content.pictures
            if name != named
        ]
        found += [
            *self._words(part),
            *self._links(part),
            *self._colours("colours", light),
            *self._colours("dark", dark),
        ]
        if part.colours.accent is not None and part.dark.accent is None:
            problem = "colours.accent is set and dark.accent is not: in dark mode mails have Relance's own"
            found.append(self._finding(("colours", "accent"), problem, "set [dark] accent", FindingState.WARNING))
        urls = part.privacy_url if isinstance(part.privacy_url, dict) else dict.fromkeys(LANGUAGES, part.privacy_url)
        return (
            Branding(
                name=part.name,
                reply_to=part.reply_to,
                postal_address=part.postal_address,
                privacy_urls=urls,
                logo=logo,
                light=light,
                dark=dark,
            ),
            found,
        )

    def _logo(self, part: LogoPart | None) -> tuple[Logo | None, list[TemplateFinding]]:
        if part is None:
            return None, []
        content = self.content.pictures.get(part.file)
        if content is None:
            if any(finding.file == part.file for finding in self.content.findings):
                return None, []
            problem = f"there is no picture {part.file} in the folder"
            return None, [self._finding(("logo", "file"), problem, meant(part.file, sorted(self.content.pictures)))]
        content_type, found = logo_findings(part.file, content, part.width, part.height)
        return Logo(content, content_type, part.width, part.height, part.alternative), found

    def _words(self, part: BrandPart) -> Iterator[TemplateFinding]:
        words = {("name",): part.name, ("postal_address",): part.postal_address}
        for where, text in words.items():
            if text and (left := placeholder(text)):
                yield self._finding(where, f"{left!r} was to be replaced", "write your own text")
        if part.reply_to and not self.mail.rehearsal and is_reserved(part.reply_to.rpartition("@")[2]):
            problem = "the domain of reply_to is a name for examples, to which nothing leads"
            yield self._finding(("reply_to",), problem, "write your own address")

    def _links(self, part: BrandPart) -> Iterator[TemplateFinding]:
        given = part.privacy_url if isinstance(part.privacy_url, dict) else {"": part.privacy_url}
        for language in given:
            if language and language not in LANGUAGES:
                problem = f"privacy_url has a language {language!r}, which no mail is written in"
                yield self._finding(("privacy_url",), problem, meant(language, LANGUAGES))
        for language in LANGUAGES:
            if isinstance(part.privacy_url, dict) and language not in part.privacy_url:
                problem = f"privacy_url has no address for {language!r}"
                yield self._finding(("privacy_url",), problem, "write one for each language, or one for all")
        for url in given.values():
            if trouble := link_trouble(url, lambda host: not self.mail.rehearsal and is_reserved(host)):
                yield self._finding(("privacy_url",), *trouble)

    def _colours(self, table: str, colours: Colours) -> Iterator[TemplateFinding]:
        for low in low_contrasts(colours):
            problem = (
                f"{low.text} on {low.behind} has a contrast of {low.ratio:.2f} in [{table}], and people with weak eyes "
                "cannot read it"
            )
            remedy = f"reach {low.least:g} (WCAG AA): make {low.text} darker or lighter"
            yield self._finding((table, low.text), problem, remedy)

    def _finding(
        self, where: Sequence[str | int], problem: str, remedy: str, state: FindingState = FindingState.WRONG
    ) -> TemplateFinding:
        return TemplateFinding(BRAND_FILE, line_of(self.text, where), problem, remedy, state)


def _coloured(own: Colours, part: ColoursPart) -> Colours:
    given = {field.name: getattr(part, field.name) for field in fields(Colours)}
    return replace(own, **{name: colour.lower() for name, colour in given.items() if colour is not None})


def _invalid(text: str, where: Sequence[str | int], kind: str, message: str) -> TemplateFinding:
    name = ".".join(map(str, where))
    line = line_of(text, where)
    if kind == "extra_forbidden":
        return TemplateFinding(BRAND_FILE, line, f"there is no field {name}", meant(str(where[-1]), _known(where)))
    if kind == "missing":
        return TemplateFinding(BRAND_FILE, line, f"{name} is missing", "write it as docs/mails.md shows")
    if kind == "string_pattern_mismatch" and where[0] in {"colours", "dark"}:
        return TemplateFinding(BRAND_FILE, line, f"{name} is no colour", "write it like #0f766e")
    problem = f"{name}: {message.removeprefix('Value error, ')}"
    return TemplateFinding(BRAND_FILE, line, problem, "see docs/mails.md for what it may be")


def _known(where: Sequence[str | int]) -> list[str]:
    tables: Mapping[Any, type[BaseModel]] = {"logo": LogoPart, "colours": ColoursPart, "dark": ColoursPart}
    return list((BrandPart if len(where) == 1 else tables[where[0]]).model_fields)


def line_of(text: str, where: Sequence[str | int]) -> int | None:
    """Return the line of a key, or that of its table; None if neither stands in the file."""
    table, found = "", None
    wanted, key = ".".join(map(str, where[:-1])), str(where[-1])
    for number, line in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            table = header[1]
            if table in {wanted, ".".join(map(str, where))}:
                found = number
        elif table == wanted and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
            return number
    return found
