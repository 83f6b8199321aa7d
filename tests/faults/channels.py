"""The alert channels refuse, hang, break off and disappear: everybody hears of everything, once (SPEC A5, A6)."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import ChatFault, PostedMessage, Service
from relance.devstack.stack import Stack
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence
from relance.domain.failures import Severity
from tests.faults.scenario import Say, Scenario, positive
from tests.support.installation import Installation, installed

SECRET = "whsec_" + "c3Rvcm0tc3Rvcm0tc3Rvcm0tc3Rvcm0t"
ANSWER_WITHIN_S, RETRY_AFTER_S = 1.5, 3
HUNG_S = 2 * ANSWER_WITHIN_S


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault of the first channel, Slack; `gone` means that the second one must step in."""

    name: str
    fault: ChatFault
    gone: bool = False


def _slack(**fields: Any) -> ChatFault:
    return ChatFault(service=Service.SLACK, **fields)


KINDS = (
    Kind("429", _slack(status=429, headers={"retry-after": str(RETRY_AFTER_S)})),
    Kind("500", _slack(status=500)),
    Kind("timeout", _slack(delay=HUNG_S, status=504)),
    Kind("timeout-kept", _slack(delay=HUNG_S, keep=True)),
    Kind("cut", _slack(drop=True, status=502)),
    Kind("cut-kept", _slack(drop=True, keep=True)),
    Kind("404", _slack(status=404), gone=True),
    Kind("410", _slack(status=410), gone=True),
)


@dataclass(frozen=True, slots=True)
class Fared:
    """How the messages about so many alerts fared under one fault; `kept` of them are taken and not confirmed."""

    kind: Kind
    groups: Sequence[str]
    posted: Sequence[PostedMessage]
    tries: int
    slack_condition: str
    first_after_s: float

    @property
    def by_group(self) -> dict[str, Counter[str]]:
        """How often each key was posted, by group."""
        found: dict[str, Counter[str]] = {group: Counter() for group in self.groups}
        for one in self.posted:
            found[one.key.split("/")[1]][one.key] += 1
        return found

    @property
    def lost(self) -> int:
        """Alerts nobody was told of."""
        return sum(not keys for keys in self.by_group.values())

    @property
    def duplicates(self) -> int:
        """Messages beyond the first of each alert."""
        return len(self.posted) - len(self.groups) + self.lost

    @property
    def bound(self) -> int:
        """How many there may be: one more where the first was taken and not confirmed."""
        return len(self.groups) if self.kind.fault.keep else 0

    @property
    def problems(self) -> list[str]:
        """What is wrong."""
        services = {one.service for one in self.posted}
        expected = Service.WEBHOOK if self.kind.gone else Service.SLACK
        found = {
            f"{self.lost} alerts were not told": self.lost,
            f"{self.duplicates} messages too many, {self.bound} may be": self.duplicates > self.bound,
            "an alert was told under two keys": any(len(keys) > 1 for keys in self.by_group.values()),
            "a message came more than once again": any(
                max(keys.values(), default=0) > 2 for keys in self.by_group.values()
            ),
            f"it was told by {', '.join(services)}": services != {expected},
            f"the channel is {self.slack_condition}": (self.slack_condition == "gone") != self.kind.gone,
            "the fault never happened": self.tries <= len(self.groups),
            f"a message came after {self.first_after_s:.1f} s": self.kind.name == "429"
            and self.first_after_s < RETRY_AFTER_S,
        }
        return [f"{self.kind.name}: {text}" for text, wrong in found.items() if wrong]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all of them."""

    fared: Sequence[Fared]
    after_gone: int
    duration_s: float

    @property
    def problems(self) -> list[str]:
        """What was not as it must be."""
        tried = [f"a channel that is gone was tried {self.after_gone} times"] if self.after_gone else []
        return [*(text for one in self.fared for text in one.problems), *tried]

    @property
    def holds(self) -> bool:
        """Whether everybody heard of everything, once, or once more under the same key."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "lost": sum(one.lost for one in self.fared),
            "duplicates": sum(one.duplicates for one in self.fared),
            "bound": sum(one.bound for one in self.fared),
            "alerts": sum(len(one.groups) for one in self.fared),
            "tries": sum(one.tries for one in self.fared),
            "tried_after_gone": self.after_gone,
            "kinds": {
                one.kind.name: {"lost": one.lost, "duplicates": one.duplicates, "tries": one.tries}
                for one in self.fared
            },
            "problems": self.problems,
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


async def _run(arguments: Namespace, say: Say) -> Report:
    begun = time.monotonic()
    say("starting Temporal, MongoDB, the chat and a worker")
    async with Stack() as stack, Chat(await stack.open_chat()) as chat:
        channels = {
            "RELANCE_CHANNELS__ALWAYS": "inbox",
            "RELANCE_CHANNELS__ORDER": "slack,webhook",
            "RELANCE_CHANNELS__WEBHOOK_URL": f"{chat.url}/webhook/desk",
            "RELANCE_CHANNELS__WEBHOOK_SECRETS": SECRET,
            "RELANCE_CHANNELS__TIMEOUT": str(ANSWER_WITHIN_S),
            # Else an open breaker would keep most messages from meeting the fault at all.
            "RELANCE_BREAKERS__RARE_FAILURES": "1000",
        }
        async with installed(stack, "channels", channels) as installation:
            await installation.database.ensure_indexes()
            await installation.start_worker()
            fared = []
            for kind in KINDS:
                fared.append(await _rehearse(installation, chat, kind, arguments.alerts))
                say(f"{kind.name}: {fared[-1].tries} tries, {fared[-1].duplicates} once more, {fared[-1].lost} lost")
            await chat.clear()
            await _fire(installation, ["afterwards"])
            after_gone = (await chat.stats()).tries - 1
    return Report(fared, after_gone, time.monotonic() - begun)


async def _rehearse(installation: Installation, chat: Chat, kind: Kind, alerts: int) -> Fared:
    """Fire so many alerts, each of a group of its own, while Slack's first answers to them fail."""
    raw = installation.database.raw
    await chat.clear()
    # A person mends what is gone: the channel counts as never tried.
    await raw.channels.delete_many({})
    await chat.add_fault(kind.fault.model_copy(update={"times": alerts}))
    groups = [f"fault-{kind.name}-{number}" for number in range(alerts)]
    fired_at = datetime.now(UTC)
    await _fire(installation, groups)
    posted = await chat.messages()
    state = await raw.channels.find_one({"_id": "slack"}) or {}
    return Fared(
        kind=kind,
        groups=groups,
        posted=posted,
        tries=(await chat.stats()).tries,
        slack_condition=str(state.get("condition")),
        first_after_s=min(((one.time - fired_at).total_seconds() for one in posted), default=0.0),
    )


async def _fire(installation: Installation, groups: Sequence[str]) -> None:
    conditions = [Condition(group, group, "x", Severity.HIGH, {}, Evidence()) for group in groups]
    for one in conditions:
        await installation.desk().fire([one])
    await installation.alert_groups_idle(groups)


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--alerts", type=positive, default=12, help="alerts that meet each fault")


CHANNEL_FAULTS = Scenario("channel-faults", "the alert channels refuse, hang, break off and disappear", _declare, _run)
