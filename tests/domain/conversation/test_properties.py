"""Any text at all: nothing raises, and nothing decides that does not say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from relance.domain.alerts.suppression import LONGEST_SILENCE
from relance.domain.conversation import DECIDING, Intent, Request, read
from relance.domain.conversation.tokens import folded
from relance.domain.conversation.words import NEGATIONS, PHRASES
from relance.domain.zones import zone_names

_WORDS = st.sampled_from(
    [" ".join(phrase) for phrase in PHRASES]
    + [
        *sorted(NEGATIONS),
        "4h",
        "2 jours",
        "until",
        "jusqu'à",
        "lundi",
        "9h",
        "9",
        "u0003",
        "default-lp/1",
        "pause",
        "?",
    ]
)
_TEXTS = st.one_of(
    st.text(st.characters(), max_size=200),
    st.lists(st.one_of(_WORDS, st.text(st.characters(), max_size=6)), max_size=12).map(" ".join),
)
_NOW = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_ZONES = st.sampled_from(sorted(zone_names()))


@given(_TEXTS, _NOW, _ZONES)
@example("\ud800 ack \udfff", datetime(2026, 1, 1, tzinfo=UTC), "UTC")
@example("silence until tomorrow 9 9 9 9", datetime(2026, 1, 1, tzinfo=UTC), "Pacific/Apia")
def test_any_text_is_read(text: str, now: datetime, zone: str) -> None:
    found = read(text, now=now, zone=zone)
    if isinstance(found, Request) and found.intent is Intent.SILENCE:
        assert found.until is not None
        assert timedelta() < found.until - now <= LONGEST_SILENCE
        assert 3 <= len(found.reason) <= 500
        found.reason.encode()


@given(st.text(st.characters(), max_size=200))
def test_a_text_without_a_deciding_word_decides_nothing(text: str) -> None:
    found = read(text, now=datetime(2026, 11, 28, tzinfo=UTC), zone="UTC")
    if isinstance(found, Request) and found.intent in DECIDING:
        words = {word for phrase, intent in PHRASES.items() if intent is found.intent for word in phrase}
        assert any(word in folded(text) for word in words)


@given(
    st.sampled_from(sorted(phrase for phrase, intent in PHRASES.items() if intent in DECIDING)),
    st.sampled_from([*sorted(NEGATIONS), "don't", "n’"]),
    st.booleans(),
)
def test_a_negation_beside_a_decision_decides_nothing(phrase: tuple[str, ...], negation: str, before: bool) -> None:
    said = f"{negation} {' '.join(phrase)}" if before else f"{' '.join(phrase)} {negation}"
    found = read(
        f"{said} 4h known pause" if "silence" in phrase else said, now=datetime(2026, 11, 28, tzinfo=UTC), zone="UTC"
    )
    assert not (isinstance(found, Request) and found.intent in DECIDING)
