"""The same Postfix lines as different daemons write them; the forms are those of the named sources, the values ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Form = Callable[[datetime, str, str], str]
"""Makes a line of an instant, a daemon and a text."""


def _old(at: datetime) -> str:
    return f"{at:%b} {at.day:>2} {at:%H:%M:%S}"


def docker_json(at: datetime, daemon: str, text: str) -> str:
    """As Docker's json-file driver writes it: `<` and `>` are escaped."""
    found = json.dumps({"log": f"postfix/{daemon}[7]: {text}\n", "stream": "stdout", "time": f"{at:%FT%T}.123456789Z"})
    return found.replace("<", "\\u003c").replace(">", "\\u003e").replace('", "', '","').replace('": "', '":"')


FORMS: dict[str, Form] = {
    # RFC 3164; Postfix's postlogd pads the day with 0
    "syslogd": lambda at, daemon, text: f"{_old(at)} mx1 postfix/{daemon}[4711]: {text}",
    "postlogd": lambda at, daemon, text: f"{at:%b %d %H:%M:%S} mx1 postfix/{daemon}[4711]: {text}",
    "rfc 3164 with priority": lambda at, daemon, text: f"<22>{_old(at)} mx1 postfix/{daemon}[4711]: {text}",
    # rsyslog's RSYSLOG_FileFormat; journalctl -o short-iso, short-precise, short-full
    "rsyslog": lambda at, daemon, text: f"{at:%FT%T.%f}+00:00 mx1 postfix/{daemon}[4711]: {text}",
    "journalctl iso": lambda at, daemon, text: f"{at:%FT%T}+0000 mx1 postfix/{daemon}[4711]: {text}",
    "journalctl precise": lambda at, daemon, text: f"{at:%b %d %T.%f} mx1 postfix/{daemon}[4711]: {text}",
    # fail2ban common.conf: BusyBox, FreeBSD -v, Solaris
    "busybox": lambda at, daemon, text: f"{_old(at)} mx1 mail.info postfix/{daemon}[4711]: {text}",
    "busybox without a host": lambda at, daemon, text: f"{_old(at)} mail.info postfix/{daemon}[4711]: {text}",
    "bsd -v": lambda at, daemon, text: f"{_old(at)} <2.6> mx1 postfix/{daemon}[4711]: {text}",
    "bsd -vv": lambda at, daemon, text: f"{_old(at)} <mail.info> mx1 postfix/{daemon}[4711]: {text}",
    "solaris": lambda at, daemon, text: f"{_old(at)} mx1 postfix/{daemon}[4711]: [ID 197553 mail.info] {text}",
    "solaris with a year": lambda at, daemon, text: f"{at:%b %d %Y %T} mx1 postfix/{daemon}[4711]: {text}",
    # RFC 5424
    "rfc 5424": lambda at, daemon, text: f"<22>1 {at:%FT%T.%f}Z mx1 postfix/{daemon} 4711 - - {text}",
    "rfc 5424 with data": lambda at, daemon, text: (
        f'<22>1 {at:%FT%T}+00:00 mx1 postfix/{daemon} 4711 ID47 [meta sequenceId="1"][o s="x"] \ufeff{text}'
    ),
    "rfc 5424 in a file": lambda at, daemon, text: f"{at:%FT%T.%f}Z mx1 postfix/{daemon} 4711 - - {text}",
    # docker logs -t, Docker's json-file, Kubernetes' CRI, the latter around postlogd
    "docker -t": lambda at, daemon, text: f"{at:%FT%T}.123456789Z postfix/{daemon}[7]: {text}",
    "docker json": docker_json,
    "cri": lambda at, daemon, text: f"{at:%FT%T}.123456789Z stdout F postfix/{daemon}[7]: {text}",
    "cri around postlogd": lambda at, daemon, text: (
        f"{at:%FT%T}.123456789Z stdout F {at:%b %d %H:%M:%S} mx1 postfix/{daemon}[7]: {text}"
    ),
    # other names: a second instance, a service with a name of its own
    "instance": lambda at, daemon, text: f"{_old(at)} mx1 postfix-out/{daemon}[4711]: {text}",
    "service": lambda at, daemon, text: f"{_old(at)} mx1 postfix/submission/{daemon}[4711]: {text}",
    "host by address": lambda at, daemon, text: f"{_old(at)} 2001:db8::19 postfix/{daemon}[4711]: {text}",
}


def mail_in(form: Form, at: datetime, queue_id: str, message_id: str) -> str:
    """One delivered mail in a form."""
    texts = [
        ("smtpd", f"{queue_id}: client=worker-3.internal[10.0.0.7]"),
        ("cleanup", f"{queue_id}: message-id={message_id}"),
        ("qmgr", f"{queue_id}: from=<bounce+x@bounces.example>, size=12034, nrcpt=1 (queue active)"),
        ("smtp", f"{queue_id}: to=<c1@people.example>, relay=mx[192.0.2.9]:25, delay=1.2, status=sent (250 2.0.0 Ok)"),
        ("qmgr", f"{queue_id}: removed"),
    ]
    return "".join(f"{form(at + timedelta(seconds=step), *one)}\n" for step, one in enumerate(texts))


def connects_in(form: Form, at: datetime) -> str:
    """A line about nobody's mail in a form."""
    return f"{form(at, 'smtpd', 'connect from worker-3.internal[10.0.0.7]')}\n"


def others(at: datetime) -> str:
    """Lines of other programs, some of which speak of Postfix and of Message-IDs."""
    return (
        f"{_old(at)} mx1 systemd[1]: Started postfix@-.service - Postfix Mail Transport Agent.\n"
        f"{_old(at)} mx1 dovecot: lmtp(x)<4711><a>: msgid=<a@b.example>: saved mail to INBOX\n"
        f"{_old(at)} mx1 app[9]: user typed postfix/qmgr[1]: 4dZ9Kk1w2xz3rqB: removed\n"
        f"{_old(at)} mx1 kernel: postfix/smtpd[12]: segfault\n"
    )


def utc(*fields: int) -> datetime:
    """Return an instant."""
    return datetime(*fields, tzinfo=UTC)  # type: ignore[arg-type, misc]
