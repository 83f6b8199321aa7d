"""Whether the unsubscribe links in mails lead to a gateway of this installation, from outside (SPEC G2, RFC 8058)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from relance.adapters.tokens import LinkTokens, Purpose
from relance.domain.sentences import Sentence
from relance.gateway.probing import HEADER

TIMEOUT = 6.0
BODY = {"List-Unsubscribe": "One-Click"}


@dataclass(frozen=True, slots=True)
class LinkTrouble:
    """What is amiss with the links below an address, and what to do."""

    detail: str
    remedy: str


async def check_unsubscribe(base: str, tokens: LinkTokens) -> LinkTrouble | None:
    """Fetch the page of a probe token below `base` and post it as a provider would; nothing is changed by that."""
    nonce = secrets.token_hex(8)
    url = f"{base.rstrip('/')}/u/{tokens.sign(Purpose.PROBE, nonce)}"
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as http:
        try:
            page = await http.get(url)
            if trouble := _judged(page, "GET", nonce):
                return trouble
            return _judged(await http.post(url, data=BODY), "POST", nonce)
        except httpx.HTTPError as error:
            remedy = Sentence(
                "start the gateway (worker.py --role gateway); see that its name, proxy and certificate are right"
            )
            return LinkTrouble(Sentence("{base}: no answer ({cause})", base=base, cause=_cause(error)), remedy)


def _judged(answer: httpx.Response, method: str, nonce: str) -> LinkTrouble | None:
    where = f"{method} {answer.url.copy_with(path='/u/...')}"
    if answer.is_redirect:
        remedy = Sentence("have the proxy pass /u/ on without redirect: providers do not follow one (RFC 8058)")
        return LinkTrouble(Sentence("{where} is redirected", where=where), remedy)
    if answer.headers.get(HEADER) == f"{method} {nonce}":
        return None
    if answer.headers.get(HEADER):
        said = Sentence("{where}: the answer is that to another request", where=where)
        return LinkTrouble(said, Sentence("let no proxy store what /u/ answers"))
    answered = Sentence("{where} answers {status}", where=where, status=str(answer.status_code))
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return LinkTrouble(answered, Sentence("see the log of the proxy, then of the gateway"))
    if method == "POST":
        return LinkTrouble(answered, Sentence("have the proxy let POST through to the gateway"))
    remedy = Sentence("lead /u/ of this address to the gateway, which needs the same RELANCE_PRIVACY__LINK_KEY")
    return LinkTrouble(Sentence("{answered}, and not as a gateway of this installation", answered=answered), remedy)


def _cause(error: BaseException) -> str:
    cause = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    return str(cause)[:120] or type(cause).__name__
