from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from pydantic import ValidationError

from relance.domain.alerts.policy import AlertPolicy, SeverityPolicy
from relance.settings.alerts import AlertsGroup


def test_the_defaults_are_the_policys() -> None:
    assert AlertsGroup(low_by_rule=True).policy == AlertPolicy()
    # Groups that were opened before there was a digest of all rules go on telling theirs.
    assert not AlertsGroup().policy.low_by_rule


def test_every_setting_but_those_of_the_words_changes_the_policy() -> None:
    other: dict[str, Any] = {"language": "fr", "zone": "UTC", "digest_time": "07:30", "worse_by": "2"}
    other |= {"low_by_rule": True, "runbook_url": "https://wiki.example/incidents.md"}
    for name, field in AlertsGroup.model_fields.items():
        if name == "routes_file":
            # Where the routes are, which have tests of their own.
            continue
        value = other.get(name, field.default * 2 if name not in other else None)
        changed = AlertsGroup(**{name: value}).policy
        assert (changed == AlertsGroup().policy) is (name in {"language", "runbook_url"}), name


def test_every_part_of_the_policy_can_be_set() -> None:
    settable = set(AlertsGroup.model_fields) | {"critical", "high", "medium", "low"}
    assert {field.name for field in fields(AlertPolicy)} <= settable
    assert AlertsGroup(high_repeats=0).policy.high == SeverityPolicy(repeat=AlertPolicy().high.repeat, repeats=0)


@pytest.mark.parametrize("wrong", [{"digest_time": "9:00"}, {"zone": "Mars/Base"}, {"worse_by": 1}, {"flaps": 1}])
def test_wrong_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertsGroup(**wrong)


@pytest.mark.parametrize("wrong", [{"worse_by": 1}, {"most_messages": 0}, {"flaps": 1}])
def test_a_policy_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="factor above 1"):
        AlertPolicy(**wrong)
