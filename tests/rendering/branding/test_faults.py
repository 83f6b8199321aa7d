"""Everything that can be wrong with a folder, each named by file, line and remedy."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from relance.domain.health.check_finding import FindingState
from relance.errors import SettingsError
from relance.rendering.branding.loading import checked_branding, kept_templates
from relance.settings.mail import MailGroup
from tests.rendering.branding.folders import BRAND, EXAMPLE, loaded, sentences, settings_for

LOGO = '[logo]\nfile = "logo.png"\nwidth = 100\nheight = 50\nalternative = "Us"\n'


def picture(width: int = 200, height: int = 100, kind: str = "PNG", mode: str = "RGBA") -> bytes:
    encoded = BytesIO()
    Image.new(mode, (width, height)).save(encoded, kind)
    return encoded.getvalue()


def noise(side: int) -> bytes:
    encoded = BytesIO()
    Image.effect_noise((2 * side, side), 90).convert("RGBA").save(encoded, "PNG")
    return encoded.getvalue()


TEMPLATES = [
    ("fr.html", "{% block resaon %}x{% endblock %}", 1, "there is no block resaon; did you mean reason?"),
    ("fr.html", "{% block title %}x{% endblock %}", 1, "the block title differs from mail to mail"),
    ("first.fr.html", "\n{% block title %}{{ sendr }}{% endblock %}", 2, "there is no slot sendr; did you mean sender"),
    ("first.fr.html", "{% block title %}\n{{ sender|upper }}{% endblock %}", 2, "a filter is not allowed"),
    ("first.fr.html", "{% block title %}{{ sender.__class__ }}{% endblock %}", 1, "an attribute is not"),
    ("first.fr.html", "{% block title %}{{ 7*7 }}{% endblock %}", 1, "this expression is not allowed"),
    ("first.fr.html", "{% block title %}{% if sender %}x{% endif %}{% endblock %}", 1, "{% if %} is not"),
    ("first.fr.html", "{% extends 'fr.html' %}", 1, "something stands outside of all blocks"),
    ("first.fr.html", "\n\nhello", 3, "something stands outside of all blocks"),
    ("first.fr.html", "{% block title %}a{% endblock %}{% block title %}b{% endblock %}", 1, "the block title stands"),
    ("first.fr.html", "{% block title %}", 1, "Jinja cannot read it"),
    ("first.fr.html", "{% block title %}\n5 {%} off{% endblock %}", 2, "Jinja cannot read it"),
    (
        "first.fr.html",
        "{% block title %}{% raw %}{{ sender }}{% endraw %}{% endblock %}",
        1,
        "'{{ sender }}' was to be",
    ),
    ("first.fr.html", "{% block title %}&#123;{ sender }}{% endblock %}", 1, "'{{ sender }}' was to be replaced"),
    ("first.fr.html", "{% block subject %}{% raw %}{{ x }}{% endraw %} news{% endblock %}", 1, "'{{ x }}' was to be"),
    ("first.fr.html", "{% block title %}<b>&nbsp;</b>{% endblock %}", None, "the title of the mail first is empty"),
    ("first.fr.html", '{% block title %}<b style="font-size:1px">x</b>{% endblock %}', 1, "a style hides text"),
    ("first.fr.html", '{% block title %}<b style="opacity: 0;">x</b>{% endblock %}', 1, "a style hides text"),
    ("first.fr.html", '{% block title %}<b style="color:transparent">x</b>{% endblock %}', 1, "a style hides text"),
    ("first.fr.html", "{% block body %}\n<p>\n{% endblock %}", 2, "<p> is never closed"),
    ("first.fr.html", "{% block body %}{% call text() %}\n<div>a</div>{% endcall %}{% endblock %}", 2, "<div> stands"),
    ("first.fr.html", "{% block subject %}{{ greeting }}{% endblock %}", 1, "the slot greeting cannot"),
    ("first.fr.html", "{% block subject %}{{ super() }}{% endblock %}", 1, "super() cannot stand in a subject"),
    ("first.fr.html", "\n{% block subject %}{{ sender }}{% endblock %}", 2, "the subject says nothing"),
    ("first.fr.html", "{% block action %}x{% endblock %}", None, "the mail first has no link to form_url"),
    ("first.fr.html", "{% block button %}{% endblock %}", None, "the link to form_url of the mail first has no words"),
    ("en.html", "{% block footer %}bye{% endblock %}", None, "the mail second has no link to unsubscribe_url"),
    ("en.html", "{% block unsubscribe %}{% endblock %}", None, "the link to unsubscribe_url of the mail second"),
    ("en.html", "{% block legal %}{% endblock %}", None, "the mail second does not show the postal address"),
    ("fr.html", "{% block reason %}a\u202eb{% endblock %}", 1, "the character U+202E is invisible"),
    ("fr.html", "{% block reason %}a\ue000sender\ue001{% endblock %}", 1, "the character U+E000"),
    ("fr.html", "\n\x00", 2, "the character U+0000"),
    ("welcome.fr.html", "x", None, "nothing reads this file"),
    ("brand.tml", "x", None, "nothing reads this file; did you mean brand.toml?"),
]


@pytest.mark.parametrize(("name", "source", "line", "problem"), TEMPLATES)
def test_each_fault_of_a_template_is_named_by_file_line_and_remedy(
    tmp_path: Path, name: str, source: str, line: int | None, problem: str
) -> None:
    found = loaded(tmp_path, {name: source})
    where = name if line is None else f"{name}, line {line}"
    assert any(sentence.startswith(f"{where}: {problem}") for sentence in sentences(found)), sentences(found)
    assert found.wrong


def test_a_mail_that_gmail_would_clip_is_refused_and_one_half_as_long_warned_of(tmp_path: Path) -> None:
    def state(paragraphs: int) -> list[FindingState]:
        text = "{% block body %}" + "<p>Forty characters make a line of a mail.</p>\n" * paragraphs + "{% endblock %}"
        return [finding.state for finding in loaded(tmp_path, {"first.fr.html": text}).findings]

    assert state(100) == []
    assert state(1_300) == [FindingState.WARNING]
    assert state(2_600) == [FindingState.WRONG]


US, IN_FRENCH = "https://us.org", 'postal_address = "a"\nprivacy_url = { fr = "https://us.org"'
BRANDS = [
    ("", None, "postal_address is missing"),
    ("x", 1, "it is no TOML"),
    (f"{BRAND}nam = 1", 3, "there is no field nam; did you mean name?"),
    (f'{BRAND}reply_to = "x"', 3, "reply_to: 'x' is no mail address"),
    (f'{BRAND}name = "a\\nb"', 3, "name: must be one line of printable text"),
    (BRAND.replace("https", "http"), 2, "the link 'http://us.org/privacy' does not begin with https"),
    (BRAND.replace("1 rue A, Paris", "TODO"), 1, "'TODO' was to be replaced"),
    (f"{IN_FRENCH} }}", 2, "privacy_url has no address for 'en'"),
    (f'{IN_FRENCH}, en = "{US}", de = "{US}" }}', 2, "privacy_url has a language 'de'"),
    (f'{BRAND}[colours]\naccent = "teal"', 4, "colours.accent is no colour; write it like #0f766e"),
    (f'{BRAND}[colours]\nacent = "#0f766e"', 4, "there is no field colours.acent; did you mean accent?"),
    (f'{BRAND}[colours]\naccent = "#ffcc00"', 4, "accent on card has a contrast of 1.5"),
    (f'{BRAND}[dark]\ntext = "#333333"', 4, "text on card has a contrast of 1.2"),
    (f"{BRAND}{LOGO}", 4, "there is no picture logo.png in the folder"),
    (f"{BRAND}{LOGO.replace('logo.png', '../logo.png')}", 4, "logo.file"),
    (f"{BRAND}[logo]\nwidth = 5", 4, "logo.width"),
]


@pytest.mark.parametrize(("text", "line", "problem"), BRANDS)
def test_each_fault_of_the_brand_is_named_by_line_and_remedy(
    tmp_path: Path, text: str, line: int | None, problem: str
) -> None:
    found = loaded(tmp_path, {"brand.toml": text})
    where = "brand.toml" if line is None else f"brand.toml, line {line}"
    assert any(sentence.startswith(f"{where}: {problem}") for sentence in sentences(found)), sentences(found)
    assert found.wrong


PICTURES = {
    "is no PNG, JPEG or GIF": b"<svg/>",
    "would be distorted to 100 x 50; write width = 100, height = 100": picture(200, 200),
    "pixels large; scale it down": picture(4_000, 2_000),
    "the picture is damaged": picture()[:-30],
    "KiB, and travels with every mail; keep it below": noise(110),
    "so it is blurred": picture(60, 30),
    "stands in a box in dark mode": picture(mode="RGB"),
}


@pytest.mark.parametrize("problem", PICTURES)
def test_each_fault_of_the_logo_is_named(tmp_path: Path, problem: str) -> None:
    found = loaded(tmp_path, {"brand.toml": f"{BRAND}{LOGO}", "logo.png": PICTURES[problem]})
    assert any(problem in sentence for sentence in sentences(found)), sentences(found)


def test_a_logo_that_moves_is_warned_of(tmp_path: Path) -> None:
    encoded = BytesIO()
    frames = [Image.new("RGBA", (200, 100), (0, 0, shade, shade)) for shade in (0, 130, 255)]
    frames[0].save(encoded, "GIF", save_all=True, append_images=frames[1:])
    found = loaded(tmp_path, {"brand.toml": f"{BRAND}{LOGO}".replace(".png", ".gif"), "logo.gif": encoded.getvalue()})
    assert [finding.problem[:14] for finding in found.findings] == ["the logo moves"]
    assert not found.wrong


def test_a_sharp_small_logo_is_fine(tmp_path: Path) -> None:
    assert sentences(loaded(tmp_path, {"brand.toml": f"{BRAND}{LOGO}", "logo.png": picture()})) == []


def test_a_picture_that_nothing_shows_is_named(tmp_path: Path) -> None:
    assert sentences(loaded(tmp_path, {"old.png": picture()})) == [
        "old.png: nothing shows this picture; name it in [logo] of brand.toml, or remove it"
    ]


def test_an_accent_for_light_alone_is_warned_of(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"brand.toml": f'{BRAND}[colours]\naccent = "#5b3fa6"\n'})
    assert [finding.state for finding in found.findings] == [FindingState.WARNING]
    assert found.findings[0].line == 4


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"RELANCE_MAIL__TEMPLATES: /nowhere: .*cannot be read.*create it"):
        checked_branding(settings_for(Path("/nowhere")))


def test_a_folder_without_a_brand_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"brand.toml: the file is missing"):
        checked_branding(settings_for(tmp_path))


def test_line_ends_and_marks_of_editors_do_not_matter_nor_do_notes(tmp_path: Path) -> None:
    source = "\ufeff" + "{# note #}\r\n{% block title %}\r\nHello\r\n{% endblock %}\r\n"
    found = loaded(tmp_path, {"first.en.html": source, "README.md": "x", ".hidden": "x"})
    assert sentences(found) == []


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"fr.html": "{% block reason %}\n{{ sender }} été{% endblock %}".encode("latin-1")})
    assert sentences(found) == ["fr.html, line 2: the text is not in UTF-8; save the file as UTF-8"]


def test_a_supervisor_keeps_the_folder_as_it_was_for_processes_that_start_later(tmp_path: Path) -> None:
    for file in EXAMPLE.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with kept_templates(settings_for(tmp_path)) as environment:
        (tmp_path / "brand.toml").write_text("broken")
        kept = Path(environment["RELANCE_MAIL__TEMPLATES"])
        assert checked_branding(settings_for(kept)) == checked_branding(settings_for(EXAMPLE))
    assert not kept.exists()
    with kept_templates(MailGroup()) as environment:
        assert environment == {}


def test_what_is_edited_later_changes_nothing_that_was_read(tmp_path: Path) -> None:
    for file in EXAMPLE.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    read = checked_branding(settings_for(tmp_path))
    (tmp_path / "brand.toml").write_text("broken")
    (tmp_path / "logo.png").unlink()
    assert read == checked_branding(settings_for(EXAMPLE))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "first.en.html")
    assert any("no regular file" in sentence for sentence in sentences(loaded(tmp_path)))
