"""`absent_from_unparsed`: a mail counts as never taken because its relay's log was not understood (SPEC X4).

Each log holds the mail in question, taken by the relay, in the form of some program. Whoever cannot read the form may
say "unknown", never "absent": a reminder that is called absent goes out a second time, one of which nothing is known
does not. What follows from each answer is driven in `tests/activities/test_uncertain.py` and, with a relay that loses
its replies, in `tests/end_to_end/test_uncertain.py`; here the logs themselves are read, no mail is sent.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from relance.adapters.relay_log.postfix import PostfixLog
from relance.ports import Knowledge
from tests.adapters.relay_log.forms import FORMS, Form, connects_in, mail_in, others
from tests.adapters.relay_log.logs import LAG, START, mine
from tests.outside.figure import Case, Figure, Stage

EARLIER, LATER = START - timedelta(hours=2), START + timedelta(minutes=10)
QUEUE_ID = "4dZ8Xy2LTnz9rsT"


def _old(at: datetime) -> str:
    return f"{at:%b} {at.day:>2} {at:%H:%M:%S}"


STRANGE: dict[str, Form] = {
    "no time": lambda at, daemon, text: f"postfix/{daemon}[7]: {text}",
    "epoch seconds": lambda at, daemon, text: f"{at.timestamp():.3f} mx1 postfix/{daemon}[7]: {text}",
    "tai64n": lambda at, daemon, text: f"@40000000{int(at.timestamp()):08x}00000000 postfix/{daemon}[7]: {text}",
    "day first": lambda at, daemon, text: f"{at:%d/%m/%y %H:%M:%S} mx1 postfix/{daemon}[7]: {text}",
    "twelve hours": lambda at, daemon, text: f"{at:%b %d %I:%M:%S %p} mx1 postfix/{daemon}[7]: {text}",
    "French months": lambda at, daemon, text: f"{at.day} nov. {at:%H:%M:%S} mx1 postfix/{daemon}[7]: {text}",
    "journal json": lambda at, daemon, text: (
        f'{{"__REALTIME_TIMESTAMP":"{at:%s}000000","SYSLOG_IDENTIFIER":"postfix/{daemon}","MESSAGE":"{text}"}}'
    ),
    "logfmt": lambda at, daemon, text: f'time={at.isoformat()} level=info prog=postfix/{daemon} msg="{text}"',
    "a name of its own": lambda at, daemon, text: f"{_old(at)} mx1 mailer-{daemon}[7]: {text}",
    "colours": lambda at, daemon, text: f"\x1b[32m{_old(at)}\x1b[0m mx1 postfix/{daemon}[7]: {text}",
    "compose prefix": lambda at, daemon, text: f"relay-1  | {_old(at)} mx1 postfix/{daemon}[7]: {text}",
    "cut by CRI": lambda at, daemon, text: f"{at:%FT%T}Z stdout P postfix/{daemon}[7]: {text}",
    "exim": lambda at, daemon, text: f"{at:%F %T} 1rAbCd-0001 {text.partition(': ')[2]} id={text}",
    "sendmail": lambda at, daemon, text: f"{_old(at)} mx1 sm-mta[7]: {text.replace('message-id', 'msgid')}",
    "opensmtpd": lambda at, daemon, text: f"{_old(at)} mx1 smtpd[7]: session: {text}",
    "csv": lambda at, daemon, text: f'"{at.isoformat()}","mx1","postfix/{daemon}","{text}"',
    "tabs": lambda at, daemon, text: f"{_old(at)}\tmx1\tpostfix/{daemon}[7]:\t{text}",
    "windows ends": lambda at, daemon, text: f"{_old(at)} mx1 postfix/{daemon}[7]: {text}\r",
    "a byte order mark": lambda at, daemon, text: f"\ufeff{_old(at)} mx1 postfix/{daemon}[7]: {text}",
    "nul bytes": lambda at, daemon, text: f"{_old(at)} mx1 postfix/{daemon}[7]: {text}".replace("", "\0"),
}
"""Forms that nobody promises to read."""

Log = Callable[[], bytes]


def logs() -> Iterator[tuple[str, bytes]]:
    """Yield logs that hold the mail, by what is special about them."""
    known = FORMS["syslogd"]
    for name, form in {**FORMS, **STRANGE}.items():
        yield name, _whole(form)
        # The mail's lines alone are strange: a relay was updated, or two write into one file.
        yield (
            f"{name} between known lines",
            (
                connects_in(known, EARLIER) + mail_in(form, START, QUEUE_ID, mine(1)) + connects_in(known, LATER)
            ).encode(),
        )
        yield f"{name} in UTF-16", _whole(form).decode().encode("utf-16")
    mail = mail_in(known, START, QUEUE_ID, mine(1))
    yield "others' lines around it", (others(EARLIER) + mail + others(LATER)).encode()
    yield "begun too late", (connects_in(known, START + timedelta(minutes=1)) + connects_in(known, LATER)).encode()
    yield "ended too early", (connects_in(known, EARLIER) + connects_in(known, START - timedelta(minutes=1))).encode()
    yield "only others' lines", (others(EARLIER) + others(LATER)).encode()
    yield "empty", b""
    yield "one long line", b"x" * 3_000_000
    yield "packed", gzip.compress(_whole(known))
    yield "cut in the middle", _whole(known)[: len(connects_in(known, EARLIER)) + 90]
    yield "of another year", _whole(known).replace(b"Nov", b"Dec")
    yield "days later", _shifted(known, timedelta(days=2))


def _whole(form: Form) -> bytes:
    text = connects_in(form, EARLIER) + mail_in(form, START, QUEUE_ID, mine(1)) + connects_in(form, LATER)
    return text.encode()


def _shifted(form: Form, by: timedelta) -> bytes:
    text = (
        connects_in(form, EARLIER + by) + mail_in(form, START + by, QUEUE_ID, mine(1)) + connects_in(form, LATER + by)
    )
    return text.encode()


async def cases(stage: Stage) -> list[Case]:
    """Ask each log about the mail."""
    found = []
    for number, (name, content) in enumerate(logs()):
        path = stage.folder / f"mail-{number}.log"
        path.write_bytes(content)
        log = PostfixLog(path, None, "UTC", LAG, now=lambda: LATER)
        try:
            knowledge = (await log.find([mine(1)], START))[mine(1)].knowledge
        except Exception as error:  # noqa: BLE001 - a log that stops the look-up is what is looked for
            found.append(Case(name, f"the look-up ends in {type(error).__name__}"))
        else:
            found.append(Case(name, "the mail is called absent" if knowledge is Knowledge.ABSENT else ""))
    return found


FIGURE = Figure("absent_from_unparsed", "G", "mails called absent though the log was not understood", cases, cheap=True)
