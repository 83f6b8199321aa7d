"""What is told of a document that cannot be read: codes, our own field names and ids, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relance.domain.quarantine import (
    DocumentFault,
    SetAside,
    cost,
    fault_words,
    faults_of,
    is_over,
    listed,
    remedy,
    shown_name,
)

NOW = datetime(2026, 12, 3, tzinfo=UTC)


def aside(collection: str, reason: str = "name: not_utf8", period: str | None = None) -> SetAside:
    return SetAside("k", collection, "u1", faults_of(reason), NOW, NOW, period=period)


@pytest.mark.parametrize(
    ("collection", "text", "name"),
    [
        ("users", "u00012", "u00012"),
        ("users", "507f1f77bcf86cd799439011", "507f1f77bcf86cd799439011"),
        ("users", "ana@people.example", "~tok"),
        ("users", "Ana Martin", "~tok"),
        ("contacts", "int:33612345678", "~tok"),
        ("users", "dict:{'email': 'ana@people.example'}", "~tok"),
        ("users", "u\\udcff1", "~tok"),
        ("users", "", "~tok"),
        ("plans", "2026-12.u1", "2026-12.u1"),
        ("alerts", "default-lp/0.8.376@2026-12-05T10:00:00.000000Z", "default-lp/0.8.376@2026-12-05T10:00:00.000000Z"),
        ("plans", "dict:{'name': 'Ana'}", "~tok"),
    ],
)
def test_an_id_is_shown_where_it_has_the_form_of_one(collection: str, text: str, name: str) -> None:
    assert shown_name(collection, text, "tok") == name


def test_a_reason_is_read_as_faults() -> None:
    assert faults_of("reminderSettings.first: bool_type, status: missing") == (
        DocumentFault("reminderSettings.first", "bool_type"),
        DocumentFault("status", "missing"),
    )
    assert faults_of("") == ()
    assert faults_of("odd") == (DocumentFault("odd", "unusable"),)


@pytest.mark.parametrize("code", ["not_utf8", "string_type", "datetime_from_date_parsing", "enum", "never_heard_of"])
def test_each_fault_has_words(code: str) -> None:
    assert fault_words(DocumentFault("name", code)).split()[0] in {"holds", "is", "has", "can"}


def test_what_it_costs_follows_from_the_collection_and_the_period() -> None:
    assert cost(aside("plans", period="2026-12"), NOW) == "the user gets no invitation in 2026-12"
    assert "which is over" in cost(aside("plans", period="2026-09"), NOW)
    assert "not planned" in cost(aside("users"), NOW)
    assert cost(aside("workers"), NOW) == "it is passed over"


def test_the_remedy_names_the_field_or_that_an_id_cannot_be_mended() -> None:
    assert remedy(aside("contacts", "statusAt: datetime_type")).startswith("mend statusAt in the application")
    assert "UTF-8" in remedy(aside("users"))
    assert "store the document under another one" in remedy(aside("users", "_id: string_pattern_mismatch"))
    assert "written anew" in remedy(aside("plans", "zone: string_type"))
    assert "Relance's own" in remedy(aside("alerts"))


def test_a_period_is_over_a_week_after_its_end() -> None:
    assert not is_over("2026-11", NOW)
    assert not is_over("2026-12", NOW)
    assert is_over("2026-10", NOW)
    assert not is_over("no month", NOW)


def test_counts_are_listed_by_collection() -> None:
    assert listed({"users": 1, "contacts": 2, "plans": 0}) == "contacts 2, users 1"
