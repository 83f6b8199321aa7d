"""The words of a reply, as the SMTP table reads them.

Addresses, host names and links are taken out before words are looked for: `<spam.blocked@example.com>: user unknown`
says nothing about spam. They leave a mark: `{address}`, `{host}`, `{ip}`, `{url}`, and `{list}` for a known block list.
Every pattern has a bound, so that the time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
import unicodedata

LIMIT = 8_000
"""Characters that are read: RFC 5321 allows 512 a line, and nobody explains a refusal on more than a page."""

_LIST_NAMES = (
    r"spamhaus|sorbs|spamcop|barracuda|abuseat|dnsbl|\brbl|rbl\b|uribl|surbl|ivmsip|cloudmark|senderscore|uceprotect"
    r"|spamrl|mail-abuse|hostkarma|junkemailfilter"
)
_BLOCK_LIST = re.compile(_LIST_NAMES)
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]]{1,1000}")
_DOMAIN = r"[^\s<>()\[\]{}:;,\"'|]{1,255}"
_LOCAL = r"[^\s<>()\[\]{}:;,\"'|]{1,128}"
_ADDRESS = re.compile(rf"<[^<>\s]{{1,400}}>|\"[^\"\n]{{1,64}}\"@{_DOMAIN}|{_LOCAL}@{_DOMAIN}")
# Two dots at least: in "blocked.please visit" a blank is missing. Exchange names its parts like hosts:
# "resolver.adr.notfound".
_HOST = re.compile(
    r"(?<![\w.-])(?!(?:resolver|storedrv|smtpsend|routing|queue)\.|\d{1,3}\.\d{1,3}\.)"
    r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\.[a-z]{2,24}(?![\w-])"
)
_HOST_OF_IP = re.compile(r"(?<![\w.-])[\w.-]{1,255}(?=\[\d)")
_IP = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)"
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])"
    r"|(?<![\w:])[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}::[0-9a-f:]{0,40}"
)
# "host mx.example.com[192.0.2.1] said:" is our relay that quotes; the words of the reply come after it.
_QUOTED = re.compile(r"\bhost \S{1,300} said:")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´ʼ", "'"))
_BLANK = re.compile(r"\s+")


def words_of(text: str) -> str:
    """Return a reply's words: lower case, without accents, one blank between two, addresses and links replaced."""
    plain = unicodedata.normalize("NFKD", text[:LIMIT].translate(_APOSTROPHES).casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    # Once more: what is taken apart may have grown, and capitals may have come out of it.
    plain = _BLANK.sub(" ", plain.casefold())[:LIMIT].strip()
    plain = _URL.sub(lambda found: _mark(found[0], "{url}"), plain)
    plain = _ADDRESS.sub("{address}", plain)
    plain = _HOST_OF_IP.sub("{host}", plain)
    plain = _IP.sub("{ip}", plain)
    plain = _HOST.sub(lambda found: _mark(found[0], "{host}"), plain)
    return _QUOTED.sub("", plain).strip()


def _mark(name: str, otherwise: str) -> str:
    return "{list}" if _BLOCK_LIST.search(name) else otherwise
