from __future__ import annotations

import pytest

from relance.domain.mail_templates.markup import markup_findings
from relance.domain.mail_templates.slots import mark

SENDER, FORM = mark("sender"), mark("form_url")

FINE = [
    "",
    f"<p>Hello <bdi>{SENDER}</bdi>,<br>how are you?</p>\n<ul><li>one</li><li>two</li></ul>",
    f'<a href="{FORM}" style="color:#5b3fa6">Answer</a> or write to <a href="mailto:a@b.org">us</a>',
    "1 &lt; 2 &amp; 3 > 2",
    f"Look at {FORM}",
]
WRONG = {
    "<p>one\n<b>two</p>": (2, "<b> is not closed before </p>"),
    "<p>one": (1, "<p> is never closed"),
    "one</p>": (1, "</p> closes nothing"),
    "<p>a\n\n<div>b</div></p>": (3, "<div> stands within a paragraph"),
    "a<br/>b<span/>": (1, "<span/> closes nothing"),
    "<br>a</br>": (1, "</br> closes nothing"),
    "\n<script>x</script>": (2, "<script> is not allowed, because no mail program runs it"),
    '<img src="https://a.org/b.png">': (1, "<img> is not allowed"),
    "<style>p{}</style>": (1, "<style> is not allowed"),
    '<p onclick="x">a</p>': (1, "the attribute onclick"),
    f'<p title="{SENDER}">a</p>': (1, "a slot stands in title"),
    '<p style="background:url(https://a.org/b)">a</p>': (1, "loads something from the web"),
    '<p style="display: none">a</p>': (1, "hides text"),
    '<p style="font-size:0">a</p>': (1, "hides text"),
    f'<a href="{FORM}?utm_source=x">a</a>': (1, "the link of form_url is changed"),
    f'<a href="https://t.org/?to={FORM}">a</a>': (1, "the link of form_url is changed"),
    f'<a href="{SENDER}">a</a>': (1, "the slot sender stands in a link"),
    "<a>a</a>": (1, "<a> has no href"),
    f'<a href="{FORM}">a <a href="{FORM}">b</a></a>': (1, "a link stands within a link"),
    '<a href="http://a.org">a</a>': (1, "does not begin with https"),
    '<a href="javascript:x">a</a>': (1, "does not begin with https"),
    '<a href="https://example.com/x">a</a>': (1, "example.com is a name for examples"),
    f"<!-- {SENDER} -->": (1, "a slot stands in an HTML comment"),
    "<!doctype html>": (1, "a declaration"),
    "<?php x ?>": (1, "a processing instruction"),
    "<p>Lorem ipsum</p>": (1, "'Lorem ipsum' was to be replaced"),
    "<p>TODO: our address</p>": (1, "'TODO' was to be replaced"),
    "<p>a</p><p": (1, "a tag is not complete"),
}


def _found(html: str) -> list[tuple[int | None, str]]:
    return [(one.line, one.problem) for one in markup_findings("fr.html", 1, html, "example.com".__eq__)]


@pytest.mark.parametrize("html", FINE)
def test_what_mail_programs_show_is_fine(html: str) -> None:
    assert _found(html) == []


@pytest.mark.parametrize("html", WRONG)
def test_what_they_do_not_show_is_found_once_with_its_line(html: str) -> None:
    line, problem = WRONG[html]
    found = _found(html)
    assert len(found) == 1, found
    assert found[0][0] == line
    assert problem in found[0][1]


def test_lines_count_from_where_the_block_begins() -> None:
    (finding,) = markup_findings("fr.html", 7, "\n\n<p>", lambda _: False)
    assert (finding.file, finding.line) == ("fr.html", 9)
    assert str(finding) == "fr.html, line 9: <p> is never closed; write </p> within the same block"
