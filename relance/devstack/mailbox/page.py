"""The mailbox for people: a list and one mail, without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from relance.devstack.mailbox.models import CaughtMail, Summary

ROWS = 100
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'"
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; vertical-align: top }}
iframe {{ width: 100%; height: 46rem; border: 1px solid #ccc }} pre {{ white-space: pre-wrap }} a {{ color: #0b57d0 }}
</style></head><body>
{body}
</body></html>
"""


def listing(mails: Sequence[Summary], *, total: int, after: int) -> str:
    """Return the page that lists mails."""
    rows = "\n".join(
        f"<tr><td>{caught.n}</td><td>{caught.time:%H:%M:%S}</td><td>{escape(', '.join(caught.to))}</td>"
        f'<td><a href="/view/{caught.n}">{escape(caught.subject) or "(no subject)"}</a></td>'
        f"<td>{caught.connection}</td></tr>"
        for caught in mails
    )
    more = f'<a href="/?after={mails[-1].n}">next</a>' if len(mails) == ROWS else ""
    first = '<a href="/">first</a> ' if after else ""
    body = (
        f"<h1>Mailbox</h1><p>{total} mails accepted. {first}{more}</p>"
        "<table><tr><th>n</th><th>UTC</th><th>to</th><th>subject</th><th>connection</th></tr>\n"
        f"{rows}</table>"
    )
    return _SHELL.format(title="Mailbox", body=body)


def mail(caught: CaughtMail) -> str:
    """Return the page that shows one mail: HTML in a frame without rights, text below, headers folded away."""
    headers = "\n".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in caught.headers)
    frame = f'<iframe sandbox="" title="HTML" src="/messages/{caught.n}/html"></iframe>' if caught.html else ""
    body = (
        f'<p><a href="/?after={max(0, caught.n - ROWS // 2)}">Mailbox</a> · '
        f'<a href="/messages/{caught.n}/raw">raw</a></p>'
        f"<h1>{escape(caught.subject)}</h1><p>{escape(caught.sender)} → {escape(', '.join(caught.to))}, "
        f"{caught.time:%F %T} UTC</p>"
        f"{frame}<h2>Text</h2><pre>{escape(caught.text or '')}</pre>"
        f"<details><summary>Headers</summary><table>{headers}</table></details>"
    )
    return _SHELL.format(title=escape(caught.subject), body=body)
