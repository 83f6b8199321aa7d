"""The time of one group's workflow, which is moved forward, and a clock that goes along with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from tests.support.installation import Installation


class GroupTime:
    """Moves a group through time; as a `Clock` it shows the group's time to who fires and clears."""

    def __init__(self, installation: Installation, group: str) -> None:
        self._installation = installation
        self._group = group
        self._ahead = timedelta(0)
        config = TimeSkippingConfig(enabled=False, max_session_skip_count=5000)
        self._skipper = TimeSkipper(installation.client, config=config)

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The group's workflow."""
        return self._installation.alert_group(self._group)

    def now(self) -> datetime:
        """Return the present instant of the group in UTC."""
        return datetime.now(UTC) + self._ahead

    async def idle(self) -> None:
        """Wait until the group only waits for time to pass."""
        await self._installation.alert_groups_idle([self._group])

    async def passes(self, span: timedelta) -> bool:
        """Let time pass; return False when the group ended on the way."""
        await self.idle()
        goes_on = await self._skipper.fast_forward(self.handle, span)
        self._ahead += span
        await self.idle()
        return goes_on
