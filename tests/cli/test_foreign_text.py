"""What others wrote is text on the terminal: no markup, no control character, no reason to fail (SPEC section 13)."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from typing import Any

import pytest
from rich.panel import Panel
from rich.text import Text

from relance.cli.base.command import perform
from relance.cli.base.output import Answer, Output, table
from tests.support.terminal import Terminal

FOREIGN = [
    "moving house [/x]",
    "[red]urgent[/red]",
    "[link=https://example.com]here[/link]",
    ":warning: look",
    "a\x1b[2J\x1b]0;title\x07b",
    "a\x9b31mb\x85c\x90q\x9c",
    "a\x00b\x08c\rd\x7f",
    "left\u202eright\u2066",
]
STEERING = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066)} - {"\n"}


def _printed(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    out = Output(as_json=False)
    out.out.print(text)
    out.out.print(table("names", ["one", text], [[text, 2]]))
    out.out.print(Panel(Text(text), title=Text(text)))
    out.note(text)
    with out.progress() as bar:
        bar.add_task(text, total=1, detail=text)
    return capsys.readouterr().out


@pytest.mark.parametrize("text", FOREIGN)
def test_a_text_of_others_is_shown_as_it_is_but_for_what_steers(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = _printed(text, capsys)
    assert not STEERING & set(shown)
    if not STEERING & set(text):
        assert text in shown


@pytest.mark.parametrize("text", FOREIGN)
def test_json_keeps_a_text_whole_and_steers_nothing(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).json({"text": text})
    line = capsys.readouterr().out
    assert not STEERING & set(line)
    assert json.loads(line) == {"text": text}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_terminal_without_the_characters_gets_escapes(as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    Output(as_json=as_json).answer(Answer({"name": "é \ud800"}, "é \ud800"))
    assert b"\\xe9 \\ud800" in raw.getvalue()


class _Full(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("as_json", [False, True])
def test_what_was_done_stays_done_when_it_cannot_be_printed(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", _Full())

    async def call() -> Answer:
        return Answer({"done": True}, "done")

    assert perform(Output(as_json=as_json), call, debug=False) == 0
    assert "could not be printed (OSError)" in capsys.readouterr().err


def test_a_reason_with_brackets_breaks_no_command_for_anybody(terminal: Terminal) -> None:
    terminal.json("schedules", "apply")
    reason = "moving house [/x] \x1b[2J"
    # How much room the reason has depends on the day and its offset.
    terminal = replace(terminal, environment={**terminal.environment, "COLUMNS": "240"})
    assert terminal.run("schedules", "pause", "monthly-cycle", "--reason", reason).code == 0
    try:
        listed = terminal.run("schedules", "list")
        assert listed.code == 0, listed.err
        assert "moving house [/x]" in listed.out
        assert "\x1b" not in listed.out
        doctor: dict[str, Any] = terminal.run("doctor", "--json").data
        assert "[/x]" in json.dumps(doctor)
        shown = terminal.run("doctor")
        assert "MarkupError" not in shown.out + shown.err
        assert "[/x]" in shown.out
    finally:
        terminal.run("schedules", "resume", "monthly-cycle", "--reason", "tests")
