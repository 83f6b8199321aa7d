"""A log that is not understood is sure of nothing; one in any known form is (SPEC X4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from relance.adapters.relay_log.postfix import PostfixLog
from relance.ports import Fate, Knowledge, RelayRecord
from tests.adapters.relay_log.forms import FORMS, connects_in, mail_in, others, utc
from tests.adapters.relay_log.logs import LAG, START, mine

QUEUE_ID = "4dZ8Xy2LTnz9rsT"
EARLIER, LATER = START - timedelta(hours=2), START + timedelta(minutes=10)
SYSLOGD = FORMS["syslogd"]


def log_of(folder: Path, text: str, zone: str = "UTC", now: datetime = LATER) -> PostfixLog:
    path = folder / "mail.log"
    path.write_text(text)
    return PostfixLog(path, None, zone, LAG, now=lambda: now)


async def knowledge(log: PostfixLog, number: int = 1, since: datetime = START) -> Knowledge:
    return (await log.find([mine(number)], since))[mine(number)].knowledge


@pytest.mark.parametrize("name", FORMS)
async def test_a_mail_is_found_in_every_known_form_and_its_absence_too(tmp_path: Path, name: str) -> None:
    form = FORMS[name]
    text = connects_in(form, EARLIER) + mail_in(form, START, QUEUE_ID, mine(1)) + connects_in(form, LATER)
    log = log_of(tmp_path, text)
    found = (await log.find([mine(1)], START))[mine(1)]
    assert (found.knowledge, found.queue_id, found.fate) == (Knowledge.ACCEPTED, QUEUE_ID, Fate.DELIVERED)
    assert found.at is not None
    assert timedelta(seconds=2) <= found.at - START < timedelta(seconds=3)
    assert await knowledge(log, 2) is Knowledge.ABSENT
    covered = await log.coverage(START)
    assert (covered.covers, covered.lines, covered.understood) == (True, 7, 7)
    assert covered.oldest is not None
    assert covered.newest is not None
    assert (covered.oldest.replace(microsecond=0), covered.newest.replace(microsecond=0)) == (EARLIER, LATER)


async def test_lines_without_a_time_tell_of_a_mail_and_cover_nothing(tmp_path: Path) -> None:
    def bare(_: datetime, daemon: str, text: str) -> str:
        return f"postfix/{daemon}[7]: {text}"

    text = connects_in(bare, EARLIER) + mail_in(bare, START, QUEUE_ID, mine(1)) + connects_in(bare, LATER)
    log = log_of(tmp_path, text)
    expected = RelayRecord(Knowledge.ACCEPTED, None, QUEUE_ID, Fate.DELIVERED)
    assert (await log.find([mine(1)], START))[mine(1)] == expected
    assert await knowledge(log, 2) is Knowledge.UNKNOWN
    covered = await log.coverage(START)
    assert (covered.covers, covered.lines, covered.understood) == (False, 7, 0)


async def test_lines_of_other_programs_cover_nothing(tmp_path: Path) -> None:
    log = log_of(tmp_path, others(EARLIER) + others(START) + others(LATER))
    assert await knowledge(log) is Knowledge.UNKNOWN
    assert (await log.coverage(START)).understood == 0
    begun_late = log_of(tmp_path, others(EARLIER) + connects_in(SYSLOGD, LATER))
    assert await knowledge(begun_late) is Knowledge.UNKNOWN
    ended_early = log_of(tmp_path, connects_in(SYSLOGD, EARLIER) + others(LATER))
    assert await knowledge(ended_early) is Knowledge.UNKNOWN


@pytest.mark.parametrize(
    "line",
    [
        '{{"SYSLOG_IDENTIFIER":"postfix/cleanup","MESSAGE":"4dZ8Xy2LTnz9rsT: message-id={id}"}}',
        "05/11/26 17:00:00 postfix-cleanup 4dZ8Xy2LTnz9rsT message-id={id}",
        "Nov  5 17:00:00 mx1 opendkim[9]: 4dZ8Xy2LTnz9rsT: message-id={id} signed",
    ],
)
async def test_a_mail_named_on_a_line_that_is_not_understood_is_not_called_absent(tmp_path: Path, line: str) -> None:
    text = connects_in(SYSLOGD, EARLIER) + line.format(id=mine(1)) + "\n" + connects_in(SYSLOGD, LATER)
    log = log_of(tmp_path, text)
    assert await knowledge(log) is Knowledge.UNKNOWN
    assert await knowledge(log, 2) is Knowledge.ABSENT


async def test_nobody_takes_a_mail_by_writing_like_postfix(tmp_path: Path) -> None:
    fake = f"Nov  5 17:00:01 mx1 app[9]: x postfix/qmgr[1]: {QUEUE_ID}: from=<a@b.c>, size=1, nrcpt=1 (queue active)\n"
    cut = f"{SYSLOGD(START, 'cleanup', f'{QUEUE_ID}: message-id={mine(1)}')}\n"
    log = log_of(tmp_path, connects_in(SYSLOGD, EARLIER) + cut + fake + connects_in(SYSLOGD, LATER))
    assert await knowledge(log) is Knowledge.UNKNOWN


@pytest.mark.parametrize(
    ("daemon", "text", "fate"),
    [
        (
            "smtp",
            "to=<a@b.example>, relay=mx:25, status=SOFTBOUNCE (host said: 550)",
            Fate.DEFERRED,
        ),
        ("qmgr", "from=<x@y.example>, status=expired, returned to sender", Fate.BOUNCED),
        ("qmgr", "from=<x@y.example>, status=force-expired, returned to sender", Fate.BOUNCED),
        (
            "error",
            "to=<a@b.example>, relay=none, dsn=4.4.2, status=deferred (suspended)",
            Fate.DEFERRED,
        ),
        ("local", "to=<a@b.example>, orig_to=<c@d.example>, relay=local, status=sent (delivered)", Fate.DELIVERED),
    ],
)
async def test_every_end_proves_that_a_mail_was_taken(tmp_path: Path, daemon: str, text: str, fate: Fate) -> None:
    begun = f"{SYSLOGD(START, 'cleanup', f'{QUEUE_ID}: message-id={mine(1)}')}\n"
    ended = f"{SYSLOGD(LATER, daemon, f'{QUEUE_ID}: {text}')}\n"
    found = await log_of(tmp_path, connects_in(SYSLOGD, EARLIER) + begun + ended).find([mine(1)], START)
    assert (found[mine(1)].knowledge, found[mine(1)].fate) == (Knowledge.ACCEPTED, fate)


async def test_an_address_verification_is_no_mail(tmp_path: Path) -> None:
    begun = f"{SYSLOGD(START, 'cleanup', f'{QUEUE_ID}: message-id={mine(1)}')}\n"
    probe = f"{SYSLOGD(START, 'smtp', f'{QUEUE_ID}: to=<a@b.example>, relay=mx:25, status=deliverable (250 Ok)')}\n"
    assert await knowledge(log_of(tmp_path, connects_in(SYSLOGD, EARLIER) + begun + probe)) is Knowledge.UNKNOWN


PARIS = "Europe/Paris"
FIRST_0230, SECOND_0230 = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)


def local(at: datetime, daemon: str, text: str) -> str:
    """A line in Paris time, which says 02:30 twice on that night."""
    return SYSLOGD(at + timedelta(hours=2 if at < utc(2026, 10, 25, 1) else 1), daemon, text)


async def test_a_file_begun_in_the_repeated_hour_reaches_back_no_further_than_it_certainly_does(tmp_path: Path) -> None:
    now = SECOND_0230 + timedelta(hours=2)
    text = connects_in(local, SECOND_0230) + connects_in(local, now)
    log = log_of(tmp_path, text, PARIS, now)
    assert await knowledge(log, since=FIRST_0230 + timedelta(minutes=5)) is Knowledge.UNKNOWN
    assert await knowledge(log, since=SECOND_0230 + timedelta(minutes=5)) is Knowledge.ABSENT


async def test_a_file_that_ends_in_the_repeated_hour_goes_on_no_longer_than_it_certainly_does(tmp_path: Path) -> None:
    text = connects_in(local, FIRST_0230 - timedelta(hours=3)) + connects_in(local, FIRST_0230)
    log = log_of(tmp_path, text, PARIS, SECOND_0230 + timedelta(hours=2))
    assert await knowledge(log, since=FIRST_0230 + timedelta(minutes=30)) is Knowledge.UNKNOWN


async def test_a_log_in_another_zone_than_the_settings_say_covers_nothing(tmp_path: Path) -> None:
    ahead = LATER + timedelta(hours=1)
    log = log_of(tmp_path, connects_in(SYSLOGD, EARLIER) + connects_in(SYSLOGD, ahead))
    assert await knowledge(log) is Knowledge.UNKNOWN
    assert not (await log.coverage(START)).covers


async def test_rotated_in_the_repeated_hour_a_mail_in_the_older_file_is_found(tmp_path: Path) -> None:
    now = SECOND_0230 + timedelta(minutes=20)
    older = connects_in(local, FIRST_0230 - timedelta(hours=2)) + mail_in(local, FIRST_0230, QUEUE_ID, mine(1))
    (tmp_path / "mail.log.1").write_text(older)
    log = log_of(tmp_path, connects_in(local, SECOND_0230) + connects_in(local, now), PARIS, now)
    assert await knowledge(log, since=FIRST_0230) is Knowledge.ACCEPTED
    # The newest line may be of either hour, so nothing after the first is certain.
    assert await knowledge(log, 2, since=SECOND_0230) is Knowledge.UNKNOWN
