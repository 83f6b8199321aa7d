"""The documents to operate by: their commands work, and no alert and no error is without its section."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml
from typer.core import TyperGroup

from relance.cli.app import build
from relance.domain.alerts.model import Rule
from relance.domain.failures import FailureClass
from tests.docs.pages import OPERATING, ROOT, commands
from tests.docs.ways import is_run_for_real
from tests.support.terminal import Terminal

OF_THE_PAGES, AHEAD = "2026-12", "2031-01"
"""A month of the documents, and the one that takes its place: its cycle runs, and waits for its send times."""

INCIDENTS = ROOT / "docs" / "incidents.md"
PROMETHEUS = ROOT / "deploy" / "prometheus" / "rules.yml"
_INLINE = re.compile(r"`(?:starter\.py )?((?:[a-z][a-z-]+)(?: [^`]+)?)`")


@pytest.mark.slow
async def test_the_commands_of_the_operating_documents_work(terminal: Terminal) -> None:
    terminal.json("start", "cycle", "--period", AHEAD, "--yes")
    run = [command for page in OPERATING for command in commands(page) if is_run_for_real(command)]
    assert len(run) > 15
    for command in run:
        words = [word.replace(OF_THE_PAGES, AHEAD) for word in command.words[2:]]
        ended = terminal.run(*words)
        assert ended.code == 0, (str(command), ended.err, ended.out)
    assert terminal.run("watchdog", "--quiet").out == "", "cron mails what is printed"


def _inline(page: Path) -> Iterator[str]:
    roots = set(_commands().commands)
    for text in _INLINE.findall(page.read_text()):
        if text.split()[0] in roots and (len(text.split()) > 1 or text in {"doctor", "watchdog"}):
            yield text


@cache
def _commands() -> TyperGroup:
    group = typer.main.get_command(build())
    assert isinstance(group, TyperGroup)
    return group


INLINE = sorted({text for page in OPERATING for text in _inline(page)})


@pytest.mark.parametrize("text", INLINE)
def test_a_command_within_a_sentence_exists_with_its_options(text: str) -> None:
    words = shlex.split(text.replace(" ...", " x").replace("|", " "))
    group = _commands()
    while isinstance(found := group.commands.get(words[0]), TyperGroup):
        group = found
        words.pop(0)
    assert found is not None, f"{text}: there is no {words[0]}"
    options = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_sentences_name_more_than_a_few_commands() -> None:
    assert len(INLINE) > 15


def _sections() -> set[str]:
    return set(re.findall(r"^### (.+)$", INCIDENTS.read_text(), flags=re.MULTILINE))


def test_every_alert_of_relance_has_a_section() -> None:
    assert {rule.value for rule in Rule} - _sections() == set()


def test_every_error_class_has_a_section() -> None:
    assert {class_.value for class_ in FailureClass} - _sections() == set()


def test_every_rule_of_prometheus_has_a_section_and_leads_to_it() -> None:
    groups = yaml.safe_load(PROMETHEUS.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    assert {rule["alert"] for rule in rules} - _sections() == set()
    links = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in rules}
    assert links == {name: f"docs/incidents.md#{name.lower()}" for name in links}


def test_no_section_is_about_an_alert_or_an_error_that_does_not_exist() -> None:
    groups = yaml.safe_load(PROMETHEUS.read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    assert _sections() == alerts | {rule.value for rule in Rule} | {class_.value for class_ in FailureClass}


@pytest.mark.parametrize("page", OPERATING, ids=lambda page: page.name)
def test_a_link_to_a_section_finds_it(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([\w.]*)#([\w-]+)\)", page.read_text()):
        other = page.parent / target if target else page
        headings = re.findall(r"^#+ (.+)$", other.read_text(), flags=re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
        assert anchor in anchors, f"{target}#{anchor}"
