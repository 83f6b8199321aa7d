"""What the intake makes of 150 messages, each written after a public description."""

from __future__ import annotations

from relance.adapters.mongo.connection import Database
from relance.domain.intake import IntakeOutcome, MessageKind
from tests.intake.__main__ import LEAST_UNDERSTOOD
from tests.intake.corpus import entries
from tests.intake.examination import examine, figures


def test_the_corpus_is_large_and_every_message_has_a_source_and_an_answer() -> None:
    corpus = entries()
    assert len(corpus) >= 60
    assert len({one.name for one in corpus}) == len(corpus)
    for one in corpus:
        assert len(one.source) > 10
        MessageKind(one.kind), IntakeOutcome(one.outcome)


async def test_no_contact_is_closed_for_anothers_report_nor_for_our_fault(db: Database) -> None:
    findings = await examine(db)
    found = figures(findings)
    assert (found["wrong_contact"], found["hard_about_us"]) == (0, 0)
    assert found["understood"] >= LEAST_UNDERSTOOD, found["not_understood"]
    # The catch-all of the reader must not hide a fault of ours.
    assert [one.entry.name for one in findings if one.kind == "unreadable"] == ["endless_boundaries"]
    kept = await db.raw.intakeKept.count_documents({})
    outcomes = {"other", "unattributed", "wrong_recipient", "unreadable"}
    assert kept == sum(one.outcome in outcomes for one in findings)
    # Ids and codes, and no address: not of a person, and not of ours with its token.
    records = await db.raw.intakeMessages.find({}).to_list(None)
    assert len(records) == len(findings)
    assert not [one for one in records if "@" in str(one)]
