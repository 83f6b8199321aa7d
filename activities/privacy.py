"""Forgetting a person: the passes of `services.privacy`, as activities."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities import attempt
from activities.errors import translated
from relance.contracts.privacy import ForgetInput, ForgetStep
from relance.services.privacy import Forgetting


@dataclass(frozen=True, slots=True)
class PersonForgetting:
    """One erasure at a time; an attempt after a crash finds out itself what is left."""

    forgetting: Forgetting

    @activity.defn
    async def forget_person(self, request: ForgetInput) -> ForgetStep:
        """Do all that can be done now."""
        with translated():
            async with attempt.heartbeating(lambda: None):
                return await self.forgetting.forget(request.erasure_id)

    @activity.defn
    async def look_again(self, request: ForgetInput) -> ForgetStep:
        """Do it once more, then forget whom it was about."""
        with translated():
            async with attempt.heartbeating(lambda: None):
                return await self.forgetting.look_again(request.erasure_id)
