"""What follows from a message: events with their effect in the database, records, and what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from composition.intake import events_of_command, mail_intake, unsubscribing_of
from relance import ids
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.domain.intake import MessageEnvelope, parse_message, read_message
from relance.domain.invitations.invitation import MailKind
from relance.domain.invitations.opt_outs import OptOutScope, OptOutWay
from relance.services.mail_intake import IntakeResult, MailIntake
from tests.intake.corpus import CorpusEntry, entries
from tests.intake.examination import (
    ADDRESSES,
    BOUNCES,
    DOMAIN,
    PERIOD,
    TOKENS,
    sent_invitation,
    settings,
    values_of,
)

CORPUS = {entry.name: entry for entry in entries()}
USER, CONTACT = "6560a1b2c3d4e5f601020304", "6560a1b2c3d4e5f601020305"
INVITATION = ids.invitation_id(PERIOD, USER, CONTACT)
CLAIRE = ADDRESSES["a"]


async def invited(db: Database, invitation: str = INVITATION, address: str = CLAIRE) -> None:
    """Record a contact and an invitation that was sent to it."""
    key = ids.parse_invitation_id(invitation)
    await db.raw.contacts.update_one(
        {"_id": key.contact_id},
        {"$set": {"userId": key.user_id, "email": address, "name": "C", "status": "active"}},
        upsert=True,
    )
    await db.raw.invitations.insert_one(sent_invitation(db, invitation, address))


def service(db: Database, counted: list[tuple[str, str]] | None = None) -> MailIntake:
    def count(kind: str, outcome: str) -> None:
        if counted is not None:
            counted.append((kind, outcome))

    return mail_intake(settings, db, events_of_command(db), count)


async def take(
    intake: MailIntake, entry: CorpusEntry, invitation: str = INVITATION, extra: bytes = b""
) -> IntakeResult:
    values = values_of(invitation, CLAIRE)
    sender, recipient = entry.envelope(values)
    return await intake.take(entry.raw(values) + extra, MessageEnvelope(sender, (recipient,)), "lmtp")


async def state(db: Database, invitation: str = INVITATION) -> tuple[str, str, bool]:
    """Return the status of invitation and contact, and whether the mailbox is suppressed."""
    entry = await db.ledger.get(invitation)
    contact = (await db.contacts.by_ids([ids.parse_invitation_id(invitation).contact_id])).popitem()[1]
    assert entry is not None
    return entry.status, contact.status, bool(await db.suppressions.suppressed([CLAIRE]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postfix_user_unknown", ("bounced", "bounced", True)),
        ("arf_abuse", ("cancelled", "opted_out", True)),
        ("unsubscribe_by_subject", ("cancelled", "opted_out", True)),
        ("mailbox_full", ("sent", "active", False)),
        ("refused_as_spam", ("sent", "active", False)),
        ("postfix_delay_warning", ("sent", "active", False)),
        ("out_of_office_english", ("sent", "active", False)),
        ("forwarded_with_original_recipient", ("sent", "active", False)),
        ("token_of_ours_foreign_recipient", ("sent", "active", False)),
    ],
)
async def test_a_message_has_its_effect_and_no_other_once(
    db: Database, name: str, expected: tuple[str, str, bool]
) -> None:
    await invited(db)
    counted: list[tuple[str, str]] = []
    intake = service(db, counted)
    first = await take(intake, CORPUS[name])
    assert await state(db) == expected
    again = await take(intake, CORPUS[name])
    assert (first.known, again.known) == (False, True)
    assert again.record.outcome == first.record.outcome
    assert await state(db) == expected
    assert len(counted) == 1
    assert await db.raw.intakeMessages.count_documents({}) == 1


async def test_an_unsubscribe_mail_can_be_taken_back_like_a_click(db: Database) -> None:
    await invited(db)
    await take(service(db), CORPUS["unsubscribe_by_local_part"])
    assert await state(db) == ("cancelled", "opted_out", True)
    [asked] = await db.opt_outs.of_invitation(INVITATION)
    assert (asked.way, asked.scope) == (OptOutWay.MAIL, OptOutScope.EVERYONE)
    undoing = unsubscribing_of(db, events_of_command(db), SystemClock())
    assert await undoing.undo(INVITATION, OptOutScope.EVERYONE)
    assert (await state(db))[1:] == ("active", False)


OTHER = ids.invitation_id("2026-10", USER, "6560a1b2c3d4e5f601020399")


async def _stopped(db: Database) -> list[str]:
    entries = [await db.ledger.get(invitation) for invitation in (INVITATION, OTHER)]
    return [entry.status for entry in entries if entry is not None]


async def test_a_mail_that_names_two_invitations_stops_both(db: Database) -> None:
    await invited(db)
    await invited(db, OTHER, ADDRESSES["b"])
    doors = tuple(f"unsub+{TOKENS.mailto_token(invitation)}@{BOUNCES}" for invitation in (INVITATION, OTHER))
    await service(db).take(b"Subject: stop\r\n\r\nPlease", MessageEnvelope("a@example.net", doors), "lmtp")
    assert await _stopped(db) == ["cancelled", "cancelled"]


async def test_a_mail_to_two_doors_that_comes_once_for_each_stops_both_and_stays_undone(db: Database) -> None:
    await invited(db)
    await invited(db, OTHER, ADDRESSES["b"])
    doors = [f"unsub+{TOKENS.mailto_token(invitation)}@{BOUNCES}" for invitation in (INVITATION, OTHER)]
    copies = [MessageEnvelope("a@example.net", (door,)) for door in doors]
    raw = b"Subject: stop\r\n\r\nPlease"
    assert [(await service(db).take(raw, copy, "lmtp")).known for copy in copies] == [False, False]
    assert await _stopped(db) == ["cancelled", "cancelled"]
    undoing = unsubscribing_of(db, events_of_command(db), SystemClock())
    assert await undoing.undo(OTHER, OptOutScope.EVERYONE)
    # The mail server repeats what it has no answer to, and a folder may be read twice.
    assert [(await service(db).take(raw, copy, "lmtp")).known for copy in [*copies, MessageEnvelope()]] == [True] * 3
    assert not await db.suppressions.suppressed([ADDRESSES["b"]])


async def test_an_opt_out_that_a_relay_reports_can_be_taken_back(db: Database) -> None:
    await invited(db)
    values = values_of(INVITATION, CLAIRE)
    reading = read_message(parse_message(CORPUS["arf_abuse"].raw(values)), MessageEnvelope("", (values["bounce"],)))
    await service(db).take_relayed(replace(reading, feedback="opt-out"), "event-1", b"{}", "mailgun")
    assert await state(db) == ("cancelled", "opted_out", True)
    undoing = unsubscribing_of(db, events_of_command(db), SystemClock())
    assert await undoing.undo(INVITATION, OptOutScope.EVERYONE)
    assert (await state(db))[1:] == ("active", False)


async def test_a_process_that_died_before_the_record_says_the_same_again(db: Database) -> None:
    await invited(db)
    await take(service(db), CORPUS["postfix_user_unknown"])
    before = await db.ledger.get(INVITATION)
    await db.raw.intakeMessages.delete_many({})
    again = await take(service(db), CORPUS["postfix_user_unknown"])
    assert not again.known
    assert await db.ledger.get(INVITATION) == before
    assert await state(db) == ("bounced", "bounced", True)


async def test_a_disabled_mailbox_is_given_up_at_the_second_report(db: Database) -> None:
    await invited(db)
    intake = service(db)
    assert (await take(intake, CORPUS["mailbox_disabled"])).record.outcome == "soft"
    assert await state(db) == ("sent", "active", False)
    # Of the reminder: another message about the same mailbox.
    assert (await take(intake, CORPUS["mailbox_disabled"], extra=b"\r\n2")).record.outcome == "struck_out"
    assert await state(db) == ("bounced", "bounced", True)


async def test_a_refusal_that_is_reported_in_two_ways_is_one(db: Database) -> None:
    await invited(db)
    intake, entry = service(db), CORPUS["mailbox_disabled"]
    assert (await take(intake, entry)).record.outcome == "soft"
    values = values_of(INVITATION, CLAIRE)
    reading = read_message(parse_message(entry.raw(values)), MessageEnvelope("", (values["bounce"],)))
    relayed = await intake.take_relayed(reading, "event-1", b"{}", "postmark")
    assert (relayed.record.outcome, await state(db)) == ("soft", ("sent", "active", False))
    assert (await intake.take_relayed(reading, "event-2", b"{}", "postmark")).record.outcome == "struck_out"


async def test_a_disabled_mailbox_of_long_ago_does_not_count(db: Database) -> None:
    await invited(db)
    intake = service(db)
    await take(intake, CORPUS["mailbox_disabled"])
    long_ago = datetime.now(UTC) - timedelta(days=33)
    await db.raw.intakeMessages.update_many({}, {"$set": {"at": long_ago}})
    assert (await take(intake, CORPUS["mailbox_disabled"], extra=b"\r\n2")).record.outcome == "soft"


async def test_a_dry_run_changes_nothing(db: Database) -> None:
    await invited(db)
    values = values_of(INVITATION, CLAIRE)
    envelope = MessageEnvelope("", (values["bounce"],))
    raw = CORPUS["postfix_user_unknown"].raw(values)
    result = await service(db).take(raw, envelope, "file", dry_run=True)
    assert result.record.outcome == "bounced"
    assert await state(db) == ("sent", "active", False)
    assert await db.raw.intakeMessages.count_documents({}) == 0


async def test_ids_too_long_for_a_token_are_found_by_their_hash(db: Database) -> None:
    long_one = ids.invitation_id(PERIOD, "user-" + "a" * 40, "contact-" + "b" * 40)
    for number in range(3):
        await invited(db, ids.invitation_id(PERIOD, f"user-{number}" + "a" * 40, "other-" + f"{number}" * 40))
    await invited(db, long_one)
    assert TOKENS.read_bounce_token(TOKENS.bounce_token(long_one)).invitation_id is None
    assert len(f"bounce+{TOKENS.bounce_token(long_one)}") <= 64
    result = await take(service(db), CORPUS["postfix_user_unknown"], long_one)
    assert (result.record.outcome, result.record.invitation_id) == ("bounced", long_one)


async def test_an_invitation_that_is_deleted_is_not_guessed(db: Database) -> None:
    result = await take(service(db), CORPUS["postfix_user_unknown"])
    assert result.record.outcome == "unattributed"
    kept = await db.intake_messages.kept(result.record.digest)
    assert kept is not None
    assert kept.whole


async def test_what_is_kept_is_cut_and_goes_by_itself(db: Database) -> None:
    entry = CORPUS["ten_megabytes"]
    result = await take(service(db), entry)
    kept = await db.intake_messages.kept(result.record.digest)
    assert kept is not None
    assert (len(kept.raw), kept.whole) == (settings.intake.kept_bytes, False)
    raw = await db.raw.intakeKept.find_one({})
    assert raw is not None
    assert raw["expiresAt"] - raw["at"] == settings.intake.messages_kept
    record = await db.raw.intakeMessages.find_one({})
    assert record is not None
    assert record["expiresAt"] - record["at"] == settings.intake.records_kept
    assert "expireAfterSeconds" in str(await db.raw.intakeKept.index_information())


async def test_a_contact_that_has_moved_keeps_its_new_mailbox(db: Database) -> None:
    await invited(db)
    await db.raw.contacts.update_one({"_id": CONTACT}, {"$set": {"email": "new@example.net"}})
    await take(service(db), CORPUS["postfix_user_unknown"])
    contact = (await db.contacts.by_ids([CONTACT]))[CONTACT]
    assert contact.status == "active"
    assert await db.suppressions.suppressed([CLAIRE, "new@example.net"]) == {CLAIRE}


def test_the_message_id_names_its_invitation_and_nothing_else_does() -> None:
    own = ids.message_id(INVITATION, MailKind.FIRST, DOMAIN)
    assert ids.invitation_of_message_id(own, DOMAIN) == INVITATION
    for foreign in (
        own.replace("first", "third"),
        own.replace(DOMAIN, "x.example"),
        f"<{INVITATION}@{DOMAIN}>",
        "<>",
        "",
        "@",
    ):
        assert ids.invitation_of_message_id(foreign, DOMAIN) is None


def test_tokens_of_bounces_unsubscribe_nobody_and_fit() -> None:
    mailto = TOKENS.mailto_token(INVITATION)
    assert TOKENS.read_mailto_token(mailto).invitation_id == INVITATION
    assert len(f"unsub+{mailto}") <= 64
    assert mailto != TOKENS.bounce_token(INVITATION)
    assert BOUNCES
