from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from relance.domain.zones import is_zone, zone_info, zone_names


def test_every_listed_zone_has_rules() -> None:
    assert len(zone_names()) > 500
    assert {zone_info(name).key for name in zone_names()} == zone_names()


def test_the_rules_come_from_the_pinned_database_and_not_from_the_machine() -> None:
    assert zone_info("Europe/Paris") is not ZoneInfo("Europe/Paris")
    assert zone_info("Europe/Paris") is zone_info("Europe/Paris")


ODD = ("../../etc/passwd", "..", "", ".", "/", "/etc/passwd", "Europe", "europe/paris", "Europe/Paris\n", "Mars/Base",
       "zones", "x" * 1_000_000, "Europe/Paris\0", 5, None, True, 1.5, ["UTC"], {"zone": "UTC"}, b"UTC")  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_odd_names_are_no_zones_and_touch_no_file(odd: Any) -> None:
    assert not is_zone(odd)
    if isinstance(odd, str):
        with pytest.raises(ValueError, match="unknown time zone"):
            zone_info(odd)
