"""What the chat answers over HTTP, and the faults it can be set to have."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from relance.domain.base import Utc


class Service(StrEnum):
    """Whose webhooks the chat takes; each at `/{service}/{anything}`."""

    SLACK = "slack"
    TEAMS = "teams"
    WEBHOOK = "webhook"
    JSON = "json"


class PostedMessage(BaseModel):
    """One message that was taken: `body` as posted, `headers` in lower case. `n` counts up from 1."""

    model_config = ConfigDict(frozen=True)

    n: int
    time: Utc
    service: Service
    path: str
    key: str
    headers: dict[str, str]
    raw: str
    body: Any


class ChatStats(BaseModel):
    """Counts since the chat was last cleared; `tries` are all posts, `repeated` the messages beyond a key's first."""

    total: int
    tries: int
    repeated: int


class ChatFault(BaseModel):
    """What happens to posts instead of 200: first a delay, then a status or a cut connection.

    With `keep` the message is taken before anything goes wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: Service | None = Field(None, description="Whose posts; none means all.")
    times: int | None = Field(None, ge=1, description="How often it happens; none means always.")
    status: int | None = Field(None, ge=300, le=599)
    body: str = ""
    headers: dict[str, str] = Field(default_factory=dict, description="For example retry-after, location.")
    delay: float = Field(0, ge=0, le=600, description="Seconds.")
    drop: bool = Field(default=False, description="Cut the connection without an answer.")
    keep: bool = False
