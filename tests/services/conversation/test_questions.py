"""What people ask in the chat, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime

from relance.domain.channels.messages import plain_text
from tests.services.conversation.conftest import ANNE, Room
from tests.support.mongo_people import People


async def test_yes_is_what_the_last_message_offered(room: Room) -> None:
    alert = await room.fires()
    answer = await room.says("yes")
    assert answer.title == "🔎 Details: Default LP"
    assert "63 clicks" in answer.text
    assert "starter.py" not in answer.text
    assert answer.about == (alert.key,)
    assert plain_text(answer).startswith("[02:40 PM] 🤖 Agent:\n\n🔎 Details")
    assert "offered nothing" in (await room.says("yes")).text


async def test_details_in_french_on_the_clock_of_who_asks(room: Room) -> None:
    await room.fires()
    answer = await room.says("oui, les détails", ANNE)
    assert answer.title.startswith("🔎 Détails")
    assert "Gravité" in answer.text or "gravité" in answer.text
    assert plain_text(answer).startswith("[14:40]")


async def test_why_an_alert_was_told_names_its_figures_its_pace_and_who_decided(room: Room) -> None:
    await room.fires()
    await room.says("ack")
    answer = await room.says("why")
    assert "told at once, again every 4\u00a0h until somebody acknowledges it" in answer.text
    assert "anna looks after it" in answer.text
    assert answer.rows[-1] == "02:40 PM · acknowledged · by anna (console)"


async def test_why_a_person_was_written_to_or_not(room: Room) -> None:
    people = People(room.data)
    await people.invite()
    for text in ("why u1", "pourquoi l'utilisateur u1", "why c0000", "why 2026-11.u1.c0000"):
        answer = await room.says(text)
        assert answer.text, text
        assert "@" not in plain_text(answer), "an address"
        assert "Ursule" not in plain_text(answer), "a name"
    french = await room.says("pourquoi u1", ANNE)
    assert (french.language, french.title.replace("\u00a0", " ")) == ("fr", "🔎 Pourquoi : u1")
    french = await room.says("pourquoi 2026-11.u1.c0000", ANNE)
    assert "n’est pas encore partie" in french.text
    assert "The" not in french.text
    assert "has not been sent yet" in (await room.says("why 2026-11.u1.c0000")).text
    assert "nothing called u9" in (await room.says("why u9")).text


async def test_the_status_tells_the_cycle_and_what_is_open(room: Room) -> None:
    assert "There is no plan of 2026-11" in (await room.says("status")).text
    await room.data.raw.plans.insert_one({
        "_id": "2026-11.u1", "period": "2026-11", "userId": "u1", "instant": datetime(2026, 11, 29, 8, tzinfo=UTC),
        "zone": "Europe/Paris", "status": "planned", "updatedAt": datetime(2026, 11, 1, tzinfo=UTC), "wall": "x",
    })  # fmt: skip
    alert = await room.fires()
    answer = await room.says("status")
    assert "The cycle of 2026-11 runs." in answer.text
    assert "1 user is still to come. Next send: 29\u00a0November 2026, 09:00 AM (08:00 UTC), 1 user." in answer.text
    assert answer.rows == (f'{alert.key} · Summer Sale · partner Alpha · "Default" · 63 clicks',)
    assert "Le cycle de 2026-11 est en cours." in (await room.says("où en est le cycle ?", ANNE)).text


async def test_help_and_what_is_not_understood_get_the_list(room: Room) -> None:
    assert any("silence 4h known pause" in row for row in (await room.says("help")).rows)
    assert any("silence 4h pause connue" in row for row in (await room.says("bonjour", ANNE)).rows)


async def test_everybody_sees_the_same_chat_and_nothing_personal_is_kept_of_it(room: Room) -> None:
    await room.fires()
    await room.says("why jean.dupont@example.com")
    await room.says("Jean Dupont a appelé", ANNE)
    await room.says("silence 4h pause connue", ANNE)
    stored = await room.stored()
    assert [message.author for message in stored] == ["", "anna", "", "anne", "", "anne", ""]
    assert [message.number for message in stored] == list(range(1, 8))
    everything = str(await room.data.raw.chatMessages.find({}).to_list(None))
    assert "jean" not in everything.lower()
    assert stored[5].text == "silence jusqu’à 18:40 (17:40 UTC)\u00a0: pause connue"
    assert stored[5].via == "console"
