"""Loads and renders one region; a server that is away is a state of the region, not the end of the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relance.console.live.reaching import reaching_temporal
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.console.rendering import Audience, rendered
from relance.errors import DependencyUnavailable


class Unavailable(dict[str, Any]):
    """Stands for the data of a region that could not be loaded; `away` is the server that does not answer."""


async def loaded(region: Region, needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    """Return a region's data.

    Raises:
        NotFound: it shows something that does not exist.
    """
    try:
        with reaching_temporal():
            return await region.load(needs, params)
    except DependencyUnavailable as error:
        return Unavailable(away=error.dependency)


async def all_loaded(page: ConsolePage, needs: ConsoleNeeds, params: Params) -> dict[str, Mapping[str, Any]]:
    """Return the data of every region of a page by name.

    Raises:
        NotFound: the page shows something that does not exist.
    """
    found = await asyncio.gather(*(loaded(region, needs, params) for region in page.regions))
    return {region.name: data for region, data in zip(page.regions, found, strict=True)}


def html_of(region: Region, data: Mapping[str, Any], audience: Audience, now: datetime) -> str:
    """Return a region's HTML."""
    template = "unavailable.html" if isinstance(data, Unavailable) else region.template
    return rendered(template, audience, data, now)
