"""What can be known of a mail from Postfix's log and queue, and what cannot (SPEC X4)."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from relance.adapters.relay_log.postfix import PostfixLog
from relance.adapters.relay_log.postfix_lines import LogReading
from relance.errors import DependencyUnavailable
from relance.ports import Fate, Knowledge, RelayRecord
from tests.adapters.relay_log.logs import LAG, START, delivery, line, mail, mine, noise, postqueue

LONG, SHORT = "4dZ8Xy2LTnz9rsT", "3C7E81F2A0"
EARLIER, LATER = START - timedelta(hours=2), START + timedelta(minutes=10)
ABSENT, UNKNOWN = RelayRecord(Knowledge.ABSENT), RelayRecord(Knowledge.UNKNOWN)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mail.log"


def log_of(path: Path, text: str = "", queue: Path | None = None, zone: str = "UTC") -> PostfixLog:
    if text:
        path.write_text(text)
    return PostfixLog(path, queue, zone, LAG, now=lambda: LATER)


async def found(log: PostfixLog, number: int = 1) -> RelayRecord:
    return (await log.find([mine(number)], START))[mine(number)]


@pytest.mark.parametrize("queue_id", [LONG, SHORT])
@pytest.mark.parametrize("traditional", [False, True])
async def test_a_delivered_mail_is_found_with_its_instant_and_queue_id(
    path: Path, queue_id: str, traditional: bool
) -> None:
    text = noise(EARLIER) + mail(START, queue_id, mine(1), traditional=traditional) + noise(LATER)
    taken = START if traditional else START + timedelta(milliseconds=200)
    expected = RelayRecord(Knowledge.ACCEPTED, taken, queue_id, Fate.DELIVERED)
    assert await found(log_of(path, text)) == expected


@pytest.mark.parametrize(
    ("status", "fate"), [("", Fate.QUEUED), ("deferred", Fate.DEFERRED), ("bounced", Fate.BOUNCED)]
)
async def test_whatever_became_of_it_a_mail_that_was_taken_is_found(path: Path, status: str, fate: Fate) -> None:
    record = await found(log_of(path, noise(EARLIER) + mail(START, LONG, mine(1), status)))
    assert (record.knowledge, record.fate) == (Knowledge.ACCEPTED, fate)


async def test_a_mail_that_was_deferred_and_then_delivered_is_delivered(path: Path) -> None:
    text = noise(EARLIER) + mail(START, LONG, mine(1), "deferred")
    text += line(LATER, "smtp", delivery(LONG, "c1@people.example", "sent"))
    assert (await found(log_of(path, text))).fate is Fate.DELIVERED


async def test_of_several_recipients_the_worst_fate_counts(path: Path) -> None:
    text = noise(EARLIER) + mail(START, LONG, mine(1), "sent", to=("a@x.example", "b@x.example"), removed=False)
    text += line(LATER, "smtp", delivery(LONG, "c@x.example", "bounced"))
    assert (await found(log_of(path, text))).fate is Fate.BOUNCED


async def test_a_mail_that_is_nowhere_in_a_complete_log_is_absent(path: Path) -> None:
    text = noise(EARLIER) + mail(START, LONG, mine(1)) + noise(LATER)
    assert await log_of(path, text).find([mine(2), mine(1)], START) == {
        mine(2): ABSENT,
        mine(1): RelayRecord(Knowledge.ACCEPTED, START + timedelta(milliseconds=200), LONG, Fate.DELIVERED),
    }


async def test_a_log_that_does_not_reach_back_says_nothing_of_what_it_does_not_have(path: Path) -> None:
    text = noise(START + timedelta(seconds=1)) + mail(START + timedelta(seconds=2), LONG, mine(1)) + noise(LATER)
    log = log_of(path, text)
    assert await found(log, 2) == UNKNOWN
    assert (await found(log, 1)).knowledge is Knowledge.ACCEPTED


async def test_a_log_that_is_not_written_any_more_says_nothing(path: Path) -> None:
    assert await found(log_of(path, noise(EARLIER))) == UNKNOWN


async def test_a_mail_whose_data_was_cut_off_is_absent_only_if_the_queue_can_be_asked(
    path: Path, tmp_path: Path
) -> None:
    cut = line(START, "smtpd", f"{LONG}: client=worker-3.internal[10.0.0.7]")
    cut += line(START, "cleanup", f"{LONG}: message-id={mine(1)}")
    cut += line(START, "smtpd", "lost connection after DATA (1024 bytes) from worker-3.internal[10.0.0.7]")
    text = noise(EARLIER) + cut + noise(LATER)
    assert await found(log_of(path, text)) == UNKNOWN
    assert await found(log_of(path, text, postqueue(tmp_path, [SHORT]))) == ABSENT


async def test_a_mail_in_the_queue_is_found_before_the_log_says_so(path: Path, tmp_path: Path) -> None:
    text = noise(EARLIER) + line(START, "cleanup", f"{LONG}: message-id={mine(1)}") + noise(LATER)
    record = await found(log_of(path, text, postqueue(tmp_path, [SHORT, LONG])))
    assert record == RelayRecord(Knowledge.ACCEPTED, None, LONG, Fate.QUEUED)


async def test_a_queue_that_cannot_be_listed_is_trouble_and_no_answer(path: Path, tmp_path: Path) -> None:
    text = noise(EARLIER) + line(START, "cleanup", f"{LONG}: message-id={mine(1)}") + noise(LATER)
    with pytest.raises(DependencyUnavailable, match="69"):
        await found(log_of(path, text, postqueue(tmp_path, [LONG], code=69)))


async def test_a_mail_rejected_for_its_content_is_absent(path: Path) -> None:
    text = noise(EARLIER) + line(START, "cleanup", f"{LONG}: message-id={mine(1)}")
    text += line(START, "cleanup", f"{LONG}: milter-reject: END-OF-MESSAGE from worker[10.0.0.7]: 5.7.1 spam; from=<x>")
    assert await found(log_of(path, text + noise(LATER))) == ABSENT


async def test_a_queue_id_that_is_used_again_belongs_to_the_newer_mail(path: Path) -> None:
    at = START + timedelta(minutes=2)
    cut_off = line(START, "cleanup", f"{SHORT}: message-id={mine(1)}")
    text = noise(EARLIER) + cut_off + mail(at, SHORT, mine(2), "bounced") + mail(at, SHORT, "<x@y.example>")
    log = log_of(path, text + noise(LATER))
    assert (await found(log, 1)).knowledge is Knowledge.UNKNOWN, "what followed is about another mail"
    assert (await found(log, 2)).fate is Fate.BOUNCED


async def test_a_mail_handed_in_again_by_a_content_filter_fares_as_the_last_one(path: Path) -> None:
    text = noise(EARLIER) + mail(START, LONG, mine(1)) + mail(START + timedelta(seconds=3), SHORT, mine(1), "deferred")
    record = await found(log_of(path, text))
    assert (record.queue_id, record.fate) == (LONG, Fate.DEFERRED)


@pytest.mark.parametrize("name", ["mail.log.1", "mail.log.1.gz", "mail.log-20261105", "mail.log-2026110517.gz"])
async def test_rotated_files_are_read_as_far_back_as_need_be(path: Path, name: str) -> None:
    older = noise(EARLIER) + mail(START, LONG, mine(1), "deferred")
    path.write_text(line(LATER, "smtp", delivery(LONG, "c1@people.example", "sent")))
    rotated = path.with_name(name)
    rotated.write_bytes(gzip.compress(older.encode()) if name.endswith("gz") else older.encode())
    record = await found(log_of(path))
    assert (record.queue_id, record.fate) == (LONG, Fate.DELIVERED)
    assert await found(log_of(path), 2) == ABSENT


async def test_behind_a_missing_file_nothing_counts_as_covered(path: Path) -> None:
    path.write_text(noise(LATER))
    path.with_name("mail.log.2").write_text(noise(EARLIER))
    assert await found(log_of(path)) == UNKNOWN
    path.with_name("mail.log.1").write_text(noise(START))
    assert await found(log_of(path)) == ABSENT


async def test_a_later_look_goes_on_where_an_earlier_one_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relance.adapters.relay_log.postfix_files.MARK_EVERY", 4096)
    text = "".join(noise(EARLIER + timedelta(seconds=second)) for second in range(7000))
    log = log_of(path, text)
    assert await found(log) == UNKNOWN
    with path.open("a") as file:
        file.write(mail(START, LONG, mine(1)) + noise(LATER))
    read: list[str] = []

    class Counting(LogReading):
        def take(self, line: str) -> None:
            read.append(line)
            super().take(line)

    monkeypatch.setattr("relance.adapters.relay_log.postfix.LogReading", Counting)
    assert (await found(log)).knowledge is Knowledge.ACCEPTED
    assert len(read) < 2000


async def test_a_log_that_was_cut_and_begun_anew_is_read_from_its_beginning(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relance.adapters.relay_log.postfix_files.MARK_EVERY", 1024)
    log = log_of(path, "".join(noise(EARLIER + timedelta(seconds=second)) for second in range(500)))
    await found(log)
    with path.open("r+") as file:
        file.truncate()
        file.write(mail(START, LONG, mine(1)))
    assert (await found(log)).knowledge is Knowledge.ACCEPTED


async def test_a_line_that_is_still_being_written_does_not_count(path: Path) -> None:
    text = noise(EARLIER) + mail(START, LONG, mine(1), "")
    half = text[: text.index(" (queue active)")]
    assert (await found(log_of(path, half))).knowledge is Knowledge.UNKNOWN


async def test_a_missing_log_is_trouble_and_no_answer(path: Path) -> None:
    with pytest.raises(DependencyUnavailable):
        await found(log_of(path))


async def test_a_damaged_archive_is_trouble_and_no_answer(path: Path) -> None:
    path.write_text(noise(LATER))
    path.with_name("mail.log.1.gz").write_bytes(gzip.compress(noise(EARLIER).encode())[:-20])
    with pytest.raises(DependencyUnavailable):
        await found(log_of(path))


async def test_times_without_a_year_are_of_the_last_one_that_is_not_to_come(path: Path) -> None:
    new_year = datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)
    text = line(new_year - timedelta(hours=1), "smtpd", "connect from x[1.2.3.4]", traditional=True)
    text += mail(new_year, LONG, mine(1), traditional=True)
    path.write_text(text)
    log = PostfixLog(path, None, "UTC", LAG, now=lambda: new_year + timedelta(minutes=1))
    assert (await log.find([mine(1)], new_year))[mine(1)].at == new_year


async def test_times_without_a_zone_are_of_the_zone_in_the_settings(path: Path) -> None:
    text = mail(START + timedelta(hours=1), LONG, mine(1), traditional=True)
    assert (await found(log_of(path, text, zone="Europe/Paris"))).at == START


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.lists(st.one_of(st.binary(max_size=300), st.text(max_size=80).map(str.encode)), max_size=20))
async def test_junk_between_the_lines_changes_nothing_and_breaks_nothing(path: Path, junk: list[bytes]) -> None:
    lines = [one.encode() for one in (noise(EARLIER) + mail(START, LONG, mine(1)) + noise(LATER)).splitlines(True)]
    mixed = b"".join(one + (junk[place] + b"\n" if place < len(junk) else b"") for place, one in enumerate(lines))
    path.write_bytes(mixed)
    result = await log_of(path).find([mine(1), mine(2)], START)
    assert (result[mine(1)].queue_id, result[mine(1)].fate) == (LONG, Fate.DELIVERED)
    assert result[mine(2)] == ABSENT


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0, max_value=1400))
@example(cut=246)
async def test_wherever_a_log_ends_nothing_that_was_taken_is_called_absent(path: Path, cut: int) -> None:
    """The mail arrives after the point up to which the log has come."""
    text = noise(EARLIER) + mail(START, LONG, mine(1), traditional=False)
    path.write_text(text[: len(noise(EARLIER)) + cut])
    record = await found(log_of(path))
    if record.knowledge is Knowledge.ABSENT:
        # A line of this very second, from before the mail's own: the lag of the settings is for that, as for a line
        # that is being written.
        whole_lines = path.read_text().rpartition("\n")[0]
        assert f"message-id={mine(1)}" not in whole_lines
