"""`/u/{token}`: one click by a mailbox provider (RFC 8058), and a page for people.

GET and HEAD change nothing: scanners fetch links. A POST opts out at once, without login, cookie or redirect:

- `List-Unsubscribe=One-Click`, as a form, multipart (RFC 8058 3.2) or plain text, in small letters or with a line break
  behind it, and no body at all: everybody's invitations stop.
  The RFC asks clients for the pair; some leave it out, and a POST to this address has no other meaning. An opt-out that
  gets lost costs more than one that a person takes back.
- `action=sender|everyone|undo-sender|undo-everyone`: a button of the page, answered with the page.
- anything else: 400, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from relance.adapters.tokens import Purpose
from relance.domain.invitations.opt_outs import UNDO_WITHIN, OptOutScope, OptOutWay
from relance.errors import DependencyUnavailable
from relance.gateway.limits.bodies import body_of
from relance.gateway.links import Links, TooOften, Unknown, preferred
from relance.gateway.needs import Needs
from relance.gateway.probing import probe_answer
from relance.rendering.mail import language_of
from relance.rendering.pages import UNDO_PREFIX, UnsubscribeView
from relance.services.unsubscribing import Situation, Unsubscribing

MOST_BYTES = 8_192
MOST_FIELDS = 20
ONE_CLICK = ("list-unsubscribe", "one-click")

_STOPS = {scope.value: scope for scope in OptOutScope}
_UNDOES = {f"{UNDO_PREFIX}{scope}": scope for scope in OptOutScope}


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the routes of the unsubscribe links."""
    links = Links(needs.tokens, Purpose.UNSUBSCRIBE, needs.pages, needs.settings.client_rate)
    pages = UnsubscribePages(links, needs.unsubscribing)
    return [Route("/u/{token:token}", pages.answer, methods=["GET", "POST"])]


@dataclass(frozen=True, slots=True)
class UnsubscribePages:
    """Answers what comes to an unsubscribe link."""

    links: Links
    unsubscribing: Unsubscribing

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            invitation_id = self.links.invitation_of(request)
            if request.method == "POST":
                return await self._act(request, invitation_id)
            return await self._page(request, invitation_id, changed=False)
        except TooOften as error:
            return self.links.too_often(error)
        except Unknown:
            return probe_answer(request, self.links.tokens) or self.links.unknown(request)
        except DependencyUnavailable:
            return self.links.later(request)

    async def _act(self, request: Request, invitation_id: str) -> Response:
        body = await body_of(request, MOST_BYTES)
        form = fields_of(request.headers.get("content-type", ""), body)
        if _is_one_click(form) or not body:
            if not await self.unsubscribing.opt_out(invitation_id, OptOutScope.EVERYONE, OptOutWay.ONE_CLICK):
                raise Unknown
            return PlainTextResponse("You have been unsubscribed.")
        action = form.get("action", "")
        if action in _STOPS:
            if not await self.unsubscribing.opt_out(invitation_id, _STOPS[action], OptOutWay.PAGE):
                raise Unknown
        elif action in _UNDOES:
            await self.unsubscribing.undo(invitation_id, _UNDOES[action])
        else:
            return self.links.page(self.links.pages.refused(preferred(request), 400), 400)
        return await self._page(request, invitation_id, changed=True)

    async def _page(self, request: Request, invitation_id: str, *, changed: bool) -> Response:
        situation = await self.unsubscribing.situation(invitation_id)
        if situation is None:
            raise Unknown
        return self.links.page(self.links.pages.unsubscribe(_view(situation, request, changed=changed)))


def _is_one_click(form: Mapping[str, str]) -> bool:
    return any((name.lower(), value.strip().lower()) == ONE_CLICK for name, value in form.items())


def fields_of(content_type: str, body: bytes) -> Mapping[str, str]:
    """Return the fields of a form, of either encoding; none if it is no form, or has too many."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    try:
        # Clients that leave the type out send it like this as well.
        if kind in {"application/x-www-form-urlencoded", "text/plain", ""}:
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        pass
    return {}


def _multipart(content_type: str, body: bytes) -> Mapping[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    try:
        return _parts(BytesParser(policy=HTTP).parsebytes(head + body))
    except Exception:  # noqa: BLE001 - the parser stumbles over some parameters, with errors of any type
        return {}


def _parts(form: EmailMessage) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in list(form.iter_parts())[:MOST_FIELDS] if form.is_multipart() else []:
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and not part.is_multipart():
            content = part.get_payload(decode=True)
            found[name] = content.decode().strip() if isinstance(content, bytes) else ""
    return found


def _view(situation: Situation, request: Request, *, changed: bool) -> UnsubscribeView:
    holder, undoable = situation.holder, situation.undoable
    locale = (holder.contact.locale if holder.contact else None) or (holder.user.locale if holder.user else None)
    return UnsubscribeView(
        language=language_of(locale) if locale else preferred(request),
        sender_name=holder.user.name if holder.user else "",
        standing=situation.standing,
        undo=(undoable.scope, undoable.at + UNDO_WITHIN) if undoable else None,
        changed=changed,
    )
