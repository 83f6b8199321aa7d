"""Files that are broken or made to do harm: each is a sentence, and none a traceback, a hang or a header of its own."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from relance.domain.invitations.invitation import MailKind
from relance.rendering.branding.folder import LARGEST
from relance.rendering.mail import MailRenderer
from tests.rendering.branding.folders import BRAND, loaded, sentences, settings_for
from tests.rendering.branding.test_faults import LOGO
from tests.rendering.mails import a_letter, defects, read


def png(width: int, height: int, *extra: bytes) -> bytes:
    """Return a PNG that claims this size and holds one row of nothing."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
LOGOS = {
    "an SVG by its name": ("logo.svg", SVG, "logo.svg: it is no PNG, JPEG or GIF; Gmail and Outlook show no SVG"),
    "an SVG that says it is a PNG": ("logo.png", SVG, "logo.png: it is no PNG, JPEG or GIF"),
    "a hundred million pixels": ("logo.png", png(10_000, 10_000), "logo.png: the logo is 10000 x 10000 pixels large"),
    "a bomb": ("logo.png", png(60_000, 60_000), "logo.png: the logo has too many pixels"),
    "a bomb of text": (
        "logo.png",
        png(200, 100, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 20_000_000))),
        "logo.png: it is no PNG, JPEG or GIF",
    ),
    "no pixel at all": ("logo.png", png(0, 0), "logo.png: "),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("what", LOGOS)
def test_a_harmful_logo_is_a_sentence(tmp_path: Path, what: str) -> None:
    name, content, sentence = LOGOS[what]
    found = loaded(tmp_path, {"brand.toml": BRAND + LOGO.replace("logo.png", name), name: content})
    assert found.wrong
    assert any(each.startswith(sentence) for each in sentences(found)), sentences(found)


DEEP = 20_000
BRANDS = {
    "nested arrays": f"x = {'[' * DEEP}",
    "nested tables": f"x = {'{a=' * DEEP}",
    "a number of five thousand digits": f"x = {'1' * 5_000}",
    "a date that is none": "x = 2026-13-45",
    "the end in the middle": 'name = """',
    "a table twice": "[logo]\n[logo]\n",
    "nothing but zeros": "\0" * 10,
}


@pytest.mark.parametrize("what", BRANDS)
def test_a_brand_that_no_parser_reads_is_a_sentence(tmp_path: Path, what: str) -> None:
    found = loaded(tmp_path, {"brand.toml": BRANDS[what]})
    assert any(each.startswith("brand.toml") for each in sentences(found)), sentences(found)
    assert found.wrong


def in_title(source: str) -> str:
    return f"{{% block title %}}{source}{{% endblock %}}"


TEMPLATES = {
    "calls in calls": in_title("{% call text() %}" * 2_000 + "{% endcall %}" * 2_000),
    "brackets in brackets": in_title("{{ " + "(" * DEEP + "sender" + ")" * DEEP + " }}"),
    "not not not": in_title("{{ " + "not " * DEEP + "sender }}"),
    "a block that must be set": "{% block title required %}{% endblock %}",
    "a block twice, once within another": (
        "{% block action %}{% block note %}a{% endblock %}{% endblock %}{% block note %}b{% endblock %}"
    ),
    "a block in a subject": "{% block subject %}{% block title %}{{ greeting }}{% endblock %}{% endblock %}",
    "super with an argument": in_title("{{ super(1) }}"),
    "super with arguments of a name": in_title("{{ super(*sender) }}"),
    "a marked section": in_title("<![foo[ bar ]]>"),
    "a condition of Outlook": in_title("<![if !mso]>a<![endif]>"),
    "a declaration without an end": in_title("<!ELEMENT [ "),
}


@pytest.mark.parametrize("what", TEMPLATES)
def test_a_template_that_jinja_or_html_trip_over_is_a_sentence(tmp_path: Path, what: str) -> None:
    found = loaded(tmp_path, {"first.fr.html": TEMPLATES[what]})
    assert any(each.startswith("first.fr.html") for each in sentences(found)), sentences(found)
    assert found.wrong


@pytest.mark.parametrize("opened", ["<div>", "<b>"])
def test_the_largest_file_of_nothing_but_tags_is_read_quickly(tmp_path: Path, opened: str) -> None:
    room = (LARGEST - 100) // 2
    found = loaded(tmp_path, {"first.fr.html": in_title(opened * (room // len(opened)) + "</i>" * (room // 4))})
    assert any("nested" in each for each in sentences(found)), len(sentences(found))
    assert len(found.findings) < 100


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n", "\r\n\r\n", "\x85", "\u2028"])
def test_a_line_end_in_a_subject_begins_no_header(tmp_path: Path, line_end: str) -> None:
    subject = f"{{% block subject %}}News{line_end}Bcc: all@us.org{line_end}of {{{{ sender }}}}{{% endblock %}}"
    found = loaded(tmp_path, {"first.en.html": subject})
    if found.wrong:
        assert "is invisible" in sentences(found)[0]
        return
    message = MailRenderer(settings_for(tmp_path), str, str, branding=found.branding).write(
        a_letter(MailKind.FIRST, "en")
    )[1]
    parsed = read(message)
    assert list(defects(parsed)) == []
    assert "Bcc" not in parsed
    assert str(parsed["Subject"]).startswith("News Bcc: all@us.org of ")
