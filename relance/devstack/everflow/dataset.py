"""What a network knows: who, what, and the traffic of each hour."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from relance.domain.base import Utc


class _Thing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Partner(_Thing):
    """One affiliate."""

    id: int
    name: str
    status: Literal["active", "inactive", "pending", "suspended"] = "active"


class Offer(_Thing):
    """One offer; a paused one earns nothing."""

    id: int
    name: str
    status: Literal["active", "paused", "deleted"] = "active"


class OfferUrl(_Thing):
    """One landing page of an offer; id 0 is every offer's base destination and is never listed."""

    id: int = Field(ge=1)
    offer: int
    name: str
    status: Literal["active", "paused", "deleted"] = "active"


class Fact(_Thing):
    """The traffic of one partner, offer and landing page in the hour that begins at `hour`; money in EUR.

    `total_click` counts unique and duplicate clicks, not the invalid ones.
    """

    hour: Utc
    partner: int
    offer: int
    offer_url: int = 0
    total_click: int = Field(0, ge=0)
    unique_click: int = Field(0, ge=0)
    invalid_click: int = Field(0, ge=0)
    conversions: int = Field(0, ge=0)
    revenue: Decimal = Decimal(0)
    payout: Decimal = Decimal(0)


class World(_Thing):
    """Everything; `base_label` is how traffic on the base destination is called (also seen: `N/A`)."""

    partners: tuple[Partner, ...] = ()
    offers: tuple[Offer, ...] = ()
    offer_urls: tuple[OfferUrl, ...] = ()
    facts: tuple[Fact, ...] = ()
    base_label: str = "Default"
    currency: str = "EUR"
    zone: str = "Europe/Amsterdam"
