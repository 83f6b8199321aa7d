"""The chat for people: one bubble per message, newest last, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape, unescape
from typing import Any

from relance.devstack.chat.models import PostedMessage, Service

SHOWN = 200
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title><style>
:root {{ color-scheme: light dark; --paper: #eef1f4; --bubble: #fff; --ink: #1f2933; --faint: #616e7c;
  --link: #0b57d0 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --paper: #15181a; --bubble: #23292d; --ink: #e6e9eb; --faint: #9aa5ab; --link: #8ab4f8 }}
}}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 0; background: var(--paper); color: var(--ink) }}
main {{ max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }}
h1 {{ font-size: 1.1rem; margin: 0 0 1.2rem }} .none {{ color: var(--faint) }}
.message {{ display: flex; gap: .7rem; margin: 0 0 1.1rem }}
.face {{ flex: none; width: 2.2rem; height: 2.2rem; border-radius: 50%; background: var(--bubble); display: grid;
  place-items: center; font-size: 1.2rem }}
.bubble {{ background: var(--bubble); border-radius: .3rem 1rem 1rem 1rem; padding: .7rem 1rem .8rem; min-width: 0;
  overflow-wrap: anywhere; box-shadow: 0 1px 2px rgb(0 0 0 / .12) }}
.bubble h2 {{ font-size: 1.05rem; margin: .45rem 0 .4rem }} .bubble p {{ margin: 0 0 .6rem; white-space: pre-line }}
.by {{ color: var(--faint); font-size: .82rem }} .how {{ margin-top: .7rem; font-size: .72rem }}
a {{ color: var(--link) }}
</style></head><body><main>
<h1>Chat · {count}</h1>
{body}
</main></body></html>
"""


def bubbles(posted: Sequence[PostedMessage]) -> str:
    """Return the page with the last messages."""
    body = (
        "\n".join(_bubble(message) for message in posted[-SHOWN:]) or '<p class="none">Nothing has been posted yet.</p>'
    )
    count = "1 message" if len(posted) == 1 else f"{len(posted)} messages"
    return _SHELL.format(count=count, body=body)


def _bubble(message: PostedMessage) -> str:
    parts = "\n".join(_READERS[message.service](message.body))
    by = f'<div class="by how">{escape(message.service)} · {message.time:%H:%M:%S} UTC · {escape(message.key)}</div>'
    return f'<div class="message"><div class="face">🤖</div><div class="bubble">{parts}\n{by}</div></div>'


def _slack(body: Mapping[str, Any]) -> Iterator[str]:
    for block in body.get("blocks") or [{"type": "section", "text": {"text": body.get("text", "")}}]:
        if block["type"] == "header":
            yield f"<h2>{escape(block['text']['text'])}</h2>"
        elif block["type"] == "context":
            yield from (f'<div class="by">{_markdown(part["text"])}</div>' for part in block["elements"])
        else:
            yield f"<p>{_markdown(block['text']['text'])}</p>"


def _markdown(text: str) -> str:
    """Return Slack's markup as HTML: its entities, and links in angle brackets."""
    pieces = re.split(r"<(https?://[^|>]+)\|([^>]+)>", text)
    shown = [escape(unescape(pieces[0]))]
    for url, name, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        shown.append(_link(unescape(url), unescape(name)) + escape(unescape(rest)))
    return "".join(shown)


def _teams(body: Mapping[str, Any]) -> Iterator[str]:
    card = body["attachments"][0]["content"]
    for container in card["body"]:
        for item in container.get("items", [container]):
            for run in item.get("inlines", []):
                tag = "h2" if run.get("weight") == "Bolder" else "p"
                yield f"<{tag}>{escape(run['text'])}</{tag}>"
    yield from (f"<p>{_link(action['url'], action['title'])}</p>" for action in card.get("actions", []))


def _webhook(body: Mapping[str, Any]) -> Iterator[str]:
    yield f"<p>{escape(str(body.get('data', {}).get('plain', '')))}</p>"


def _json(body: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2>{escape(str(body.get('title', '')))}</h2><p>{escape(str(body.get('message', '')))}</p>"


def _link(url: str, name: str) -> str:
    safe = url if url.startswith(("https://", "http://")) else "#"
    return f'<a href="{escape(safe)}" rel="noreferrer">{escape(name)}</a>'


_READERS = {Service.SLACK: _slack, Service.TEAMS: _teams, Service.WEBHOOK: _webhook, Service.JSON: _json}
