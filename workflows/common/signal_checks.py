"""Validates signals: any client may send one, so its content is not trusted.

A malformed signal raises `InvalidInput`, is then ignored and counted (`temporal.signal_guard`), and changes nothing:
these checks come first in a handler. Our own senders have never sent what they refuse, so histories of earlier versions
replay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from relance.contracts.alerts import Decided, DetailsAsked, Inhibited, Sighted
from relance.contracts.control import ControlChange
from relance.contracts.follow_up import InvitationEvent, Wake
from relance.errors import InvalidInput
from relance.ids import CONTACTS_PER_FOLLOW_UP, LONGEST_ALERT_KEY, parse_invitation_id

LONGEST_WORDS = 500
"""Characters kept of a reason, of its author, of a name."""

LONGEST_OBSERVATION = 64
MOST_FOLLOWED = 2 * CONTACTS_PER_FOLLOW_UP
"""Contacts one follow-up ever holds: its hundred, and those that moved in from another part."""

FARTHEST = timedelta(days=400)
"""Beyond the longest expiry (365 days); a timer of centuries overflows the server's durations."""

AHEAD = timedelta(minutes=5)
"""How far clocks of two machines may be apart without anybody noticing."""

LARGEST_VALUE = Decimal(10) ** 18
MOST_DIGITS = 40


def control(change: ControlChange) -> ControlChange:
    """Return an order with its words cut: they travel with every continue-as-new."""
    if max(len(change.reason), len(change.by)) <= LONGEST_WORDS:
        return change
    return change.model_copy(update={"reason": change.reason[:LONGEST_WORDS], "by": change.by[:LONGEST_WORDS]})


def is_ahead(change: ControlChange, now: datetime) -> bool:
    """Return whether an order claims to come from the future: every later one would be an earlier one to it."""
    return change.at is not None and change.at > now + AHEAD


def event(news: InvitationEvent, period: str, user_id: str) -> str:
    """Return the contact an event is about.

    Raises:
        InvalidInput: it names no invitation, or one of another follow-up.
    """
    key = parse_invitation_id(news.invitation_id)
    if (key.period, key.user_id) != (period, user_id):
        raise _refused("event", "it is about another user or period")
    return key.contact_id


def wake(news: Wake, known: Collection[str], now: datetime) -> Wake:
    """Return what a follow-up is woken with.

    Raises:
        InvalidInput: it would hold more contacts than a follow-up has, or wait for longer than any invitation lives.
    """
    if sum(len(group.contacts) for group in news.groups) > MOST_FOLLOWED:
        raise _refused("wake", "too many contacts")
    if len({*known, *(contact for group in news.groups for contact in group.contacts)}) > MOST_FOLLOWED:
        raise _refused("wake", "too many contacts with those that are known")
    for group in news.groups:
        for at in (group.retry_at, group.first, group.second, group.expiry):
            if at is not None and at > now + FARTHEST:
                raise _refused("wake", "an instant is too far ahead")
    return news


def reason(text: str) -> str:
    """Return a reason short enough to be the result for a hundred contacts."""
    return text[:LONGEST_WORDS]


def sighted(news: Sighted) -> Sighted:
    """Return a condition.

    Raises:
        InvalidInput: a key, name or figure is longer or larger than any of ours.
    """
    _check_keys(firing.key for firing in news.firings)
    _check_keys(news.gone)
    _check_keys(key for silenced in news.silenced for key in silenced.keys)
    _check_word(news.inhibited_by or "", LONGEST_WORDS)
    _check_word(news.observation, LONGEST_OBSERVATION)
    for firing in news.firings:
        if firing.value is not None and not _is_figure(firing.value):
            raise _refused("sighted", "a value that is no figure")
    return news


def decided(news: Decided) -> Decided:
    """Return a decision.

    Raises:
        InvalidInput: a key is longer than any of ours.
    """
    _check_keys(news.keys)
    return news


def inhibited(news: Inhibited) -> Inhibited:
    """Return what explains a group away.

    Raises:
        InvalidInput: no rule has a name that long.
    """
    _check_word(news.by or "", LONGEST_WORDS)
    return news


def details(news: DetailsAsked) -> DetailsAsked:
    """Return a question.

    Raises:
        InvalidInput: a key is longer than any of ours.
    """
    _check_keys(news.keys)
    return news


def _check_keys(keys: Iterable[str]) -> None:
    for key in keys:
        _check_word(key, LONGEST_ALERT_KEY)


def _check_word(text: str, longest: int) -> None:
    if len(text) > longest:
        raise _refused("signal", f"a name of more than {longest} characters")


def _is_figure(value: Decimal) -> bool:
    # Decimal raises where a float becomes infinite, and keeps every digit it is given.
    return (
        value.is_finite()
        and abs(value) <= LARGEST_VALUE
        and len(value.as_tuple().digits) <= MOST_DIGITS
        and value.adjusted() >= -MOST_DIGITS
    )


def _refused(what: str, why: str) -> InvalidInput:
    return InvalidInput(what, why, "it is ignored")
