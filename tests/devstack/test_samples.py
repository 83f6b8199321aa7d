from __future__ import annotations

from collections import Counter
from datetime import timedelta
from zoneinfo import available_timezones

import pytest
from pydantic import ValidationError

from relance.devstack.mailbox.rules import Greylist, Refuse
from relance.devstack.samples import (
    CONTACT_CASES,
    GREYLISTED_DOMAIN,
    REFUSED_DOMAIN,
    USER_CASES,
    awkward_rules,
    sample_people,
)
from relance.domain.invitations.people import Contact, ContactStatus, User

SIZES = [(20, 5), (40, 5), (500, 20)]


def test_the_same_arguments_give_the_same_people_and_another_seed_gives_others() -> None:
    assert sample_people(60, 4) == sample_people(60, 4)
    assert sample_people(60, 4) != sample_people(60, 4, seed=8)


def test_ids_say_who_belongs_to_whom() -> None:
    users, contacts = sample_people(2, 2)
    assert [user["_id"] for user in users] == ["u0001", "u0002"]
    assert [(one["_id"], one["userId"]) for one in contacts] == [
        ("c0001-01", "u0001"),
        ("c0001-02", "u0001"),
        ("c0002-01", "u0002"),
        ("c0002-02", "u0002"),
    ]


@pytest.mark.parametrize(("users", "contacts"), SIZES)
def test_every_user_case_is_there(users: int, contacts: int) -> None:
    documents, _ = sample_people(users, contacts)
    assert len(documents) == users
    for case in USER_CASES.values():
        assert any(case.items() <= document.items() for document in documents)
    assert {document.get("locale") for document in documents} == {"fr", "en", None}
    zones = {str(document.get("timezone")) for document in documents if "timezone" in document}
    assert len(zones & available_timezones()) >= 3
    assert len(zones - available_timezones()) == 1


@pytest.mark.parametrize(("users", "contacts"), SIZES)
def test_every_contact_case_is_there(users: int, contacts: int) -> None:
    _, documents = sample_people(users, contacts)
    assert len(documents) == users * contacts
    assert {document["status"] for document in documents} == {*ContactStatus, "maybe"}
    assert {document.get("locale") for document in documents} == {"fr", "en", None}
    domains = Counter(document["email"].lower().rpartition("@")[2] for document in documents)
    assert domains[GREYLISTED_DOMAIN] >= 1
    assert domains[REFUSED_DOMAIN] >= 1
    assert all(domain.endswith(".example") or domain == "not-an-address" for domain in domains)
    per_user = Counter((document["userId"], document["email"].lower()) for document in documents)
    assert max(per_user.values()) == 2
    assert not all(document["name"].isascii() for document in documents)


def test_exactly_one_user_and_one_contact_are_invalid_documents() -> None:
    users, contacts = sample_people(500, 20)
    assert [one["_id"] for one in users if _is_invalid(User, one)] == ["u0015"]
    assert len([one for one in contacts if _is_invalid(Contact, one)]) == 1


def test_awkward_people_are_a_small_part_of_many() -> None:
    users, contacts = sample_people(1000, 20)
    final_failures = sum(one["email"].endswith(REFUSED_DOMAIN) or "@" not in one["email"] for one in contacts)
    assert 0 < final_failures / len(contacts) < 0.01
    assert 0.9 < sum(one["status"] == "active" for one in contacts) / len(contacts) < 0.97
    assert 0.95 < sum(one["status"] == "active" for one in users) / len(users) < 1


@pytest.mark.parametrize(("users", "contacts"), [(0, 0), (1, 0), (1, 1), (3, 1), (3, 20)])
def test_small_numbers_have_as_many_cases_as_there_is_room_for(users: int, contacts: int) -> None:
    documents, people = sample_people(users, contacts)
    assert (len(documents), len(people)) == (users, users * contacts)
    plain = {"c0001-01", "c0002-01"} if contacts > 1 else set()
    awkward = [one for one in people if one["status"] != "active"]
    assert not plain & {one["_id"] for one in awkward}
    assert bool(awkward) == (users * contacts > 0)


def test_the_rules_match_the_sample_addresses() -> None:
    greylist, refusal = awkward_rules()
    assert isinstance(greylist, Greylist)
    assert isinstance(refusal, Refuse)
    assert greylist.recipient.endswith(GREYLISTED_DOMAIN)
    assert (refusal.code, refusal.recipient) == (550, f"*@{REFUSED_DOMAIN}")


def test_stored_times_carry_their_zone() -> None:
    _, contacts = sample_people(20, 5)
    dated = [one["statusAt"] for one in contacts if "statusAt" in one]
    assert dated
    assert all(at.utcoffset() == timedelta(0) for at in dated)
    assert len(CONTACT_CASES) == 11


def _is_invalid(model: type[User | Contact], document: dict[str, object]) -> bool:
    try:
        model.model_validate(document)
    except ValidationError:
        return True
    return False
