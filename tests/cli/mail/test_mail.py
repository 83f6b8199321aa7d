"""`mail check`, `preview` and `test`, and a worker whose folder of templates is wrong."""

from __future__ import annotations

import email
from email.policy import default
from pathlib import Path

import pytest

import starter
from relance.adapters.clock import SystemClock
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from tests.cli.desk import stored
from tests.rendering.branding.folders import EXAMPLE
from tests.support import preloaded_starter
from tests.support.installation import ROOT
from tests.support.patience import PATIENCE_S
from tests.support.terminal import Terminal

ME = "me@form-a-friend.example"


@pytest.fixture
def branded(terminal: Terminal) -> Terminal:
    """A terminal whose mails look like the example folder."""
    return Terminal({**terminal.environment, "RELANCE_MAIL__TEMPLATES": str(EXAMPLE)})


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with one fault."""
    for file in EXAMPLE.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "first.fr.html").write_text("{% block title %}\n{{ sendr }}{% endblock %}")
    return tmp_path


def test_the_example_passes_the_check_and_doctor_says_so(branded: Terminal) -> None:
    assert branded.json("mail", "check") == {"folder": str(EXAMPLE), "fit": True, "checks": []}
    rows = {row["what"]: row["state"] for row in branded.run("doctor", "--json").data["checks"]}
    assert rows["mail templates"] == "ok"


def test_a_fault_is_named_by_check_and_doctor(branded: Terminal, broken: Path) -> None:
    ended = branded.run("mail", "check", "--templates", str(broken), "--json")
    assert ended.code == 1
    (finding,) = ended.data["checks"]
    assert (finding["file"], finding["line"], finding["state"]) == ("first.fr.html", 2, "wrong")
    wrong = Terminal({**branded.environment, "RELANCE_MAIL__TEMPLATES": str(broken)})
    details = [row["detail"] for row in wrong.run("doctor", "--json").data["checks"] if row["what"] == "mail templates"]
    assert details == ["first.fr.html, line 2: there is no slot sendr"]


def test_a_worker_with_a_broken_folder_does_not_start(branded: Terminal, broken: Path) -> None:
    environment = {**branded.environment, "RELANCE_MAIL__TEMPLATES": str(broken)}
    ended = preloaded_starter.run([], environment, PATIENCE_S, str(ROOT / "worker.py"))
    assert ended.returncode == 2
    assert "RELANCE_MAIL__TEMPLATES" in ended.stderr
    assert "first.fr.html, line 2: there is no slot sendr; did you mean sender?" in ended.stderr


def test_a_preview_for_a_sample_person_needs_no_server(tmp_path: Path) -> None:
    nowhere = Terminal(
        {
            "TEMPORAL_ADDRESS": "127.0.0.1:1",
            "RELANCE_MONGO__URI": "mongodb://127.0.0.1:1/?replicaSet=rs0",
            "RELANCE_MAIL__TEMPLATES": str(EXAMPLE),
            "RELANCE_MAIL__REHEARSAL": "true",
        }
    )
    said = nowhere.json("mail", "preview", "all", "--sample", "--out", str(tmp_path))
    assert len(said["mails"]) == 8
    assert sorted(Path(file).suffix for file in said["files"]) == [".eml"] * 8 + [".html"] * 8 + [".txt"] * 8
    html = (tmp_path / "invitation.fr.html").read_text()
    assert 'src="data:image/png;base64,' in html
    assert "cid:" not in html
    parsed = email.message_from_bytes((tmp_path / "second.en.eml").read_bytes(), policy=default)
    assert parsed["References"].startswith("<preview.")


def test_a_preview_for_a_contact_is_the_mail_it_would_get_with_links_that_do_nothing(branded: Terminal) -> None:
    (mail,) = branded.json("mail", "preview", "invitation", "--contact", "c0001-01")["mails"]
    headers = dict(mail["headers"])
    assert "sample" not in headers["To"]
    assert "/f/preview" in mail["text"]
    assert headers["List-Unsubscribe"].endswith("/u/preview>")
    assert headers["Message-ID"].startswith("<preview.")
    other = branded.json("mail", "preview", "invitation", "--contact", "c0001-01", "--language", "en")["mails"][0]
    assert other["language"] == "en"


def test_a_contact_that_is_not_there_is_said_to_be_missing(branded: Terminal) -> None:
    ended = branded.run("mail", "preview", "invitation", "--contact", "nobody", "--json")
    assert ended.code == 2
    assert "there is no contact 'nobody'" in ended.data["error"]


async def test_a_trial_goes_to_oneself_and_says_that_it_is_one(branded: Terminal, mailbox: Mailbox) -> None:
    said = branded.json("mail", "test", "--to", ME)
    assert [mail["subject"][:7] for mail in said["sent"]] == ["[Essai]", "[Trial]"]
    caught = await mailbox.messages()
    assert len(caught) == 2
    for summary in caught:
        parsed = email.message_from_bytes(await mailbox.raw(summary.n), policy=default)
        assert parsed["X-Relance-Trial"] == "yes"
        assert ME in parsed["To"]
        assert parsed["Subject"].startswith(("[Essai] ", "[Trial] "))
        assert "/u/preview>" in parsed["List-Unsubscribe"]
    async with starter.database(stored(branded)) as database:
        assert await database.raw.invitations.count_documents({}) == 0


def test_what_is_no_address_gets_no_trial(branded: Terminal) -> None:
    ended = branded.run("mail", "test", "--to", "me", "--json")
    assert ended.code == 2
    assert "--to: it is not an address" in ended.data["error"]


async def test_who_has_opted_out_gets_no_trial_either(branded: Terminal, mailbox: Mailbox) -> None:
    async with starter.database(stored(branded)) as database:
        await database.suppressions.add(ME, "opted_out", SystemClock().now())
    try:
        ended = branded.run("mail", "test", "--to", f" {ME.upper()}".strip(), "--json")
        assert ended.code == 2
        assert "opted out" in ended.data["error"]
        assert await mailbox.messages() == []
    finally:
        async with starter.database(stored(branded)) as database:
            await database.raw.suppressions.delete_many({})


async def test_a_refused_trial_is_one_sentence_without_the_address(branded: Terminal, mailbox: Mailbox) -> None:
    await mailbox.add_rule(Refuse(code=550, text=f"5.7.1 {ME} is not allowed", stage=SmtpStage.RCPT))
    ended = branded.run("mail", "test", "--to", ME, "--language", "en", "--json")
    assert ended.code == 2
    assert "the relay refused the trial with 550 at rcpt" in ended.data["error"]
    assert ME not in ended.out + ended.err
