"""Every command in the documents works, and every link leads somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCUMENTS, OPERATING, README, commands, links, parse
from tests.docs.ways import UnknownCommand, is_run_for_real, resolve
from tests.support.terminal import Terminal

RUN = [command for command in commands(README) if is_run_for_real(command)]
RUN_SOMEWHERE = {
    str(command) for page in (README, *OPERATING) for command in commands(page) if is_run_for_real(command)
}
RESOLVED = sorted({str(command) for page in DOCUMENTS for command in commands(page)} - RUN_SOMEWHERE)


@pytest.mark.slow(90)
async def test_the_commands_of_every_day_do_what_the_readme_says(terminal: Terminal) -> None:
    assert len(RUN) > 10
    for command in RUN:
        ended = terminal.run(*command.words[2:])
        assert ended.code == 0, (str(command), ended.err, ended.out)


@pytest.mark.parametrize("line", RESOLVED)
def test_a_command_that_takes_long_names_what_exists(line: str) -> None:
    command = parse(line)
    assert not is_run_for_real(command), "write it into the README or an operating document, where it is run"
    resolve(command)


@pytest.mark.parametrize(
    "line",
    [
        "curl https://example.org",
        "docker-compose down",
        "make no-such-target",
        ".venv/bin/python starter.py demo --no-such-option",
        ".venv/bin/python -m no.such.module",
        ".venv/bin/python docs/screenshots.py letters",
    ],
)
def test_a_command_that_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(AssertionError):
        resolve(parse(line))


def test_an_unknown_program_is_called_unknown() -> None:
    with pytest.raises(UnknownCommand, match="curl"):
        resolve(parse("KEEP=1 curl --silent https://example.org"))


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_every_link_and_picture_of_a_document_exists(page: Path) -> None:
    missing = [target for target in links(page) if not (page.parent / target).exists()]
    assert missing == []


def test_the_readme_shows_pictures_and_leads_to_every_document() -> None:
    targets = links(README)
    assert any(target.endswith(".png") for target in targets)
    assert {f"docs/{page.name}" for page in DOCUMENTS if page.parent.name == "docs"} <= set(targets)
