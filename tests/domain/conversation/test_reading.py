"""What people write into the chat, in both languages, and what must never be guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relance.domain.conversation import Intent, Misunderstood, Name, NameKind, Request, Unclear, read

SATURDAY = datetime(2026, 11, 28, 13, 40, tzinfo=UTC)
PARIS = "Europe/Paris"


def told(text: str, **more: object) -> Request | Misunderstood:
    return read(text, now=SATURDAY, zone=PARIS, **more)  # type: ignore[arg-type]


ASKED = {
    Intent.YES: "yes|Yes, please!|YES|go on|oui|Oui, merci|OUI|volontiers|d'accord|ｙｅｓ",
    Intent.NO: "no|No.|no thanks|non|Non, merci|nope no",
    Intent.DETAILS: "details|Details, please|yes, details|more|tell me more|détails|de\u0301tails|plus de détails svp|"
    "oui, les détails|en savoir plus|could you show the details",
    Intent.ACKNOWLEDGE: "ack|ACK!|please ack this|ack, thanks|yes, ack|acknowledge|got it|I'm on it|I’m on it|"
    "seen, thanks|vu|Vu.|merci, vu|j'ai vu|c'est vu merci|acquitter|acquitte|Acquittez cette alerte svp|"
    "je m'en occupe|a\u200bck",
    Intent.UNSILENCE: "unsilence|end the silence|unmute please|réactiver|lever le silence|levez le silence svp",
    Intent.STATUS: "status|status?|what is the status|how far are we|état|ÉTAT|où en est le cycle ?|avancement",
    Intent.WHY: "why|why?|why was it not sent?|pourquoi|pourquoi n'est-il pas parti ?|explain please",
    Intent.HELP: "help|?|help!|aide|commands|aide-moi ?|yes?",
}


@pytest.mark.parametrize(("intent", "text"), [(i, text) for i, texts in ASKED.items() for text in texts.split("|")])
def test_a_phrase_is_understood_whatever_its_case_accents_and_punctuation(intent: Intent, text: str) -> None:
    assert told(text) == Request(intent)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("don't ack", Unclear.NEGATED),
        ("don’t ack this", Unclear.NEGATED),
        ("do not ack", Unclear.NEGATED),
        ("ne pas acquitter", Unclear.NEGATED),
        ("n'acquitte pas", Unclear.NEGATED),
        ("pas vu", Unclear.NEGATED),
        ("never silence 4h", Unclear.NEGATED),
        ("do not silence 4h known pause", Unclear.NEGATED),
        ("silence 4h? no", Unclear.NEGATED),
        ("silence 4h non merci", Unclear.NEGATED),
        ("ne mets pas en sourdine 4h pause connue", Unclear.NEGATED),
        ("do not unsilence", Unclear.NEGATED),
        ("no details", Unclear.NEGATED),
        ("ack?", Unclear.SEVERAL),
        ("ack؟", Unclear.SEVERAL),
        ("¿ack", Unclear.SEVERAL),
        ("silence 4h known pause?", Unclear.SEVERAL),
        ("silence 4h? known pause", Unclear.SEVERAL),
        ("> ack\nthanks", Unclear.REST),
        ("silence -1h known pause", Unclear.END),
        ("silence −1h known pause", Unclear.END),
        ("no thanks, ack", Unclear.SEVERAL),
        ("ack and silence 4h known pause", Unclear.SEVERAL),
        ("why ack", Unclear.SEVERAL),
        ("should I ack this", Unclear.REST),
        ("who will ack", Unclear.REST),
        ("qui acquitte", Unclear.REST),
        ("j'ai vu que la page est cassée", Unclear.REST),
        ("seen something strange", Unclear.REST),
        ("silence alpha for 4h known pause", Unclear.REST),
        ("should I silence 4h known pause", Unclear.REST),
        ("ack default-lp paused-partner", Unclear.NAMES),
        ("silence default-lp 4h paused-partner is planned", Unclear.NAMES),
        ("why jean.dupont@example.com", Unclear.ADDRESS),
        ("silence 4h ask jean@example.com", Unclear.ADDRESS),
        ("silence", Unclear.END),
        ("silence known pause", Unclear.END),
        ("silence until the cows come home", Unclear.END),
        ("silence until 2026-02-30 known pause", Unclear.END),
        ("silence 4h", Unclear.REASON),
        ("silence 4h ok", Unclear.REASON),
        ("silence 4h because", Unclear.REASON),
        ("silence 91d known pause", Unclear.TOO_FAR),
        ("silence 99999w known pause", Unclear.TOO_FAR),
        ("silence 99999w99999w99999w99999w known pause", Unclear.END),
        ("silence until 9999-12-31 known pause", Unclear.TOO_FAR),
        ("silence 0m known pause", Unclear.PAST),
        ("silence until yesterday known pause", Unclear.END),
        ("silence until 2026-11-27 known pause", Unclear.PAST),
        ("hello", Unclear.UNKNOWN),
        ("", Unclear.UNKNOWN),
        ("аck", Unclear.UNKNOWN),
        ("acknowledged by anna already", Unclear.UNKNOWN),
        ("x" * 1001, Unclear.TOO_MUCH),
    ],
)
def test_what_is_not_sure_decides_nothing(text: str, trouble: Unclear) -> None:
    found = told(text)
    assert isinstance(found, Misunderstood), found
    assert found.trouble is trouble


QUOTED = ('"ack"', "“ack”", "„ack“", "« vu »", "'ack'", "‘ack’", "`ack`", "~ack~", ">ack", "ack 👎", "ack = bad",
          'he writes "ack"', 'please "ack"', '"unsilence"', '"silence" 4h known pause', 'silence "4h" known pause',
          'silence 4h "default-lp" known pause', "👎 silence 4h known pause")  # fmt: skip


@pytest.mark.parametrize("text", QUOTED)
def test_what_is_quoted_or_marked_decides_nothing(text: str) -> None:
    found = told(text)
    assert isinstance(found, Misunderstood), found
    assert found.trouble in {Unclear.REST, Unclear.END}


@pytest.mark.parametrize(
    "text", ["(ack)", "ack!", "- ack", "• ack", "*ack*", "ack…", "ack 👍", "🙏 ack ✔️", "ack, merci 🙂"]
)
def test_punctuation_and_thanks_beside_a_decision_leave_it_one(text: str) -> None:
    assert told(text) == Request(Intent.ACKNOWLEDGE)


@pytest.mark.parametrize(
    "text",
    [
        "silence 4h 3h known pause",
        "silence 3h 4h known pause",
        "silence 4h, 3h known pause",
        "silence 4h and 3h known pause",
        "silence 4h3h known pause",
        "silence 4h 90d known pause",
        "silence 30m 2 hours known pause",
        "silence 1h90 pause connue",
        "silence 2 jours et 48 heures pause connue",
        "silence 4h for 3h known pause",
        "silence 4h to 5h known pause",
        "silence 4h or 5h known pause",
        "silence 4h ou 5h pause connue",
        "silence 4h until tomorrow known pause",
        "silence until 18:00 19:00 known pause",
        "silence until monday 9:00 tuesday known pause",
        "silence until tomorrow 4h 5h known pause",
        "for 4h silence 3h known pause",
        "silence 4h tomorrow known pause",
        "silence 4h demain pause connue",
        "silence 4h lundi pause connue",
        "silence 1,5h known pause",
        "silence 1,5 heures pause connue",
        "silence 1.5h known pause",
        "silence -1,5h known pause",
        "silence 4-5h known pause",
    ],
)
def test_two_ends_or_half_an_end_are_asked_about(text: str) -> None:
    assert told(text) == Misunderstood(Unclear.END, Intent.SILENCE)


@pytest.mark.parametrize(
    "text",
    [
        "silence 4h would be wrong",
        "the silence 4h was a mistake",
        "silence 4h is too long",
        "silence 4h too long",
        "silence 4h, it would be wrong",
        "silence 4h maybe known pause",
        "silence 4h if nobody objects",
        "silence 4h unless anna objects",
        "silence 4h after the deploy",
        "silence 4h from 18:00 known pause",
        "silence 4h and ack known pause",
        "silence 4h or so known pause",
        "silence 4h but not the critical ones",
        "silence in 4h known pause",
        "silence 4h the default-lp known pause",
        "un silence de 4h serait faux",
        "silence 4h est une erreur",
        "silence 4h trop long",
        "silence 4h si personne ne dit non",
        "silence 4h peut-être pause connue",
        "I will ack",
        "I would ack this",
        "we can ack",
        "je peux acquitter",
    ],
)
def test_talk_about_a_decision_is_none(text: str) -> None:
    found = told(text)
    assert isinstance(found, Misunderstood), found
    assert found.trouble is Unclear.REST


@pytest.mark.parametrize(
    "text", ["could you ack this", "can you please ack", "will you ack it", "pouvez vous acquitter"]
)
def test_who_asks_us_to_decide_is_understood(text: str) -> None:
    assert told(text) == Request(Intent.ACKNOWLEDGE)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("why u0003", NameKind.ANY, "u0003"),
        ("Why, u0003?", NameKind.ANY, "u0003"),
        ("pourquoi u0003 n'a rien reçu ?", NameKind.ANY, "u0003"),
        ("why user U-1_b", NameKind.USER, "U-1_b"),
        ("pourquoi l'utilisateur u0003", NameKind.USER, "u0003"),
        ("why contact c00001", NameKind.CONTACT, "c00001"),
        ("why 2026-11.u0003.c00001", NameKind.INVITATION, "2026-11.u0003.c00001"),
        ("why default-lp", NameKind.ALERT, "default-lp"),
        ("details default-lp/0.8.12", NameKind.ALERT, "default-lp/0.8.12"),
        ("ack default-lp/caf%C3%A9", NameKind.ALERT, "default-lp/caf%C3%A9"),
        ("ack the alert default-lp, thanks", NameKind.ALERT, "default-lp"),
        ("acquitte l'alerte desk", NameKind.ALERT, "desk"),
        ("status 2026-10", NameKind.PERIOD, "2026-10"),
        ("why 65f0c0ffee65f0c0ffee65f0", NameKind.ANY, "65f0c0ffee65f0c0ffee65f0"),
    ],
)
def test_ids_are_found_among_the_words(text: str, kind: NameKind, name: str) -> None:
    found = told(text, names={"desk"})
    assert isinstance(found, Request)
    assert found.name == Name(kind, name)


@pytest.mark.parametrize(
    ("text", "until", "reason"),
    [
        ("silence 4h known pause", "2026-11-28T17:40", "known pause"),
        ("Silence 4h: known pause.", "2026-11-28T17:40", "known pause."),
        ("yes, silence 4h known pause", "2026-11-28T17:40", "known pause"),
        ("please silence this for 4 hours because the partner doesn't send", "2026-11-28T17:40",
         "the partner doesn't send"),
        ("silence 4h pause connue", "2026-11-28T17:40", "pause connue"),
        ("mets en sourdine pendant 2 jours : pause connue", "2026-11-30T13:40", "pause connue"),
        ("silence deux heures pause connue", "2026-11-28T15:40", "pause connue"),
        ("silence 1h30 pause connue", "2026-11-28T15:10", "pause connue"),
        ("silence 1d12h known pause", "2026-11-30T01:40", "known pause"),
        ("silence 1d 12h 30min known pause", "2026-11-30T02:10", "known pause"),
        ("silence an hour and a half known pause", "2026-11-28T15:10", "known pause"),
        ("silence une heure et demie pause connue", "2026-11-28T15:10", "pause connue"),
        ('silence 4h "known pause"', "2026-11-28T17:40", '"known pause"'),
        ("silence 4h this is a known pause", "2026-11-28T17:40", "this is a known pause"),
        ("silence 4h c'est une pause connue", "2026-11-28T17:40", "c'est une pause connue"),
        ("silence 4h because it would wake people", "2026-11-28T17:40", "it would wake people"),
        ("silence 4h 3 partners pause", "2026-11-28T17:40", "3 partners pause"),
        ("silence 4h maintenance takes 3h", "2026-11-28T17:40", "maintenance takes 3h"),
        ("silence 2 days and 4 hours known pause", "2026-11-30T17:40", "known pause"),
        ("silence une demi-heure pause connue", "2026-11-28T14:10", "pause connue"),
        ("mute for half an hour known pause", "2026-11-28T14:10", "known pause"),
        ("silence a week known pause", "2026-12-05T13:40", "known pause"),
        ("silence 3 semaines pause connue", "2026-12-19T13:40", "pause connue"),
        ("silence until tomorrow 9:00 known pause", "2026-11-29T08:00", "known pause"),
        ("silence until 9:00 tomorrow known pause", "2026-11-29T08:00", "known pause"),
        ("silence until tomorrow at 9 known pause", "2026-11-29T08:00", "known pause"),
        ("silence until tomorrow 9 pm known pause", "2026-11-29T20:00", "known pause"),
        ("silence until tomorrow 12am known pause", "2026-11-28T23:00", "known pause"),
        ("silence until tomorrow known pause", "2026-11-29T22:59:59", "known pause"),
        ("silence until tomorrow 3 partners pause", "2026-11-29T22:59:59", "3 partners pause"),
        ("silence until 18:00 known pause", "2026-11-28T17:00", "known pause"),
        ("silence until 9:00 known pause", "2026-11-29T08:00", "known pause"),
        ("silence until midnight known pause", "2026-11-28T22:59:59", "known pause"),
        ("silence jusqu'à lundi 9h pause connue", "2026-11-30T08:00", "pause connue"),
        ("silence jusqu’à lundi à 9h30 pause connue", "2026-11-30T08:30", "pause connue"),
        ("silence jusqu'à demain midi pause connue", "2026-11-29T11:00", "pause connue"),
        ("silence jusqu'au 2026-12-01 pause connue", "2026-12-01T22:59:59", "pause connue"),
        ("silence jusqu'à ce soir 22h pause connue", "2026-11-28T21:00", "pause connue"),
        ("silence until saturday known pause", "2026-12-05T22:59:59", "known pause"),
        ("silence until 2026-12-01T06:00 known pause", "2026-12-01T05:00", "known pause"),
        ("silence until 2026-12-01T06:00+00:00 known pause", "2026-12-01T06:00", "known pause"),
        ("silence 4h status page says ack it later", "2026-11-28T17:40", "status page says ack it later"),
    ],
)  # fmt: skip
def test_a_silence_has_an_end_and_a_reason(text: str, until: str, reason: str) -> None:
    assert told(text) == Request(Intent.SILENCE, until=datetime.fromisoformat(until).replace(tzinfo=UTC), reason=reason)


def test_a_silence_may_name_its_alert_before_or_behind_its_end() -> None:
    for text in ("silence default-lp 4h known pause", "silence for 4h default-lp known pause"):
        found = told(text)
        assert isinstance(found, Request)
        assert (found.name, found.reason) == (Name(NameKind.ALERT, "default-lp"), "known pause")


def test_critical_alerts_are_silenced_when_it_is_said() -> None:
    found = told("silence critical 4h known pause")
    assert isinstance(found, Request)
    assert found.critical
    assert told("silence 4h a critical pause") == Request(
        Intent.SILENCE, until=datetime(2026, 11, 28, 17, 40, tzinfo=UTC), reason="a critical pause"
    )


def test_an_end_is_on_the_clock_of_who_writes() -> None:
    for zone, hour in (("Europe/Paris", 8), ("America/New_York", 14), ("Asia/Tokyo", 0)):
        found = read("silence until 2026-11-30T09:00 known pause", now=SATURDAY, zone=zone)
        assert isinstance(found, Request)
        assert found.until == datetime(2026, 11, 30, hour, tzinfo=UTC)


def test_a_time_that_a_clock_change_skips_is_moved_on() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = read("silence until tomorrow 2:30 known pause", now=before, zone=PARIS)
    assert isinstance(found, Request)
    assert found.until == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
