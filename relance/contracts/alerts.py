"""What travels to and from the workflow of a group of alerts: keys, figures, instants and the names of channels."""

from __future__ import annotations

from pydantic import Field

from relance.domain.alerts.delivery import MessageLine, NotificationKind
from relance.domain.alerts.group import AlertGroup
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.model import AlertEvent, AlertState
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.alerts.routing import AlertRoute
from relance.domain.base import Utc, Wire


class AlertInput(Wire):
    """Input of Alert; `policy` is fixed for as long as the group is open.

    Across continue-as-new carry on: `state`, `entries` (not yet recorded), `deliveries`, `asked` (not yet answered),
    and `took_at`, when news were taken in last.
    """

    group: str
    policy: AlertPolicy = AlertPolicy()
    state: AlertGroup | None = None
    entries: tuple[AlertEntry, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    asked: tuple[DetailsAsked, ...] = ()
    took_at: Utc | None = None


class SilencedKeys(Wire):
    """Alerts of which nobody wants to hear until then."""

    keys: tuple[str, ...]
    until: Utc


class Sighted(Wire):
    """The signal `sighted`: conditions that are there, and keys of alerts whose condition is gone.

    `observation` names the run that saw them and orders the runs; a later one overtakes an earlier one. With `whole`
    the firings are all there is: whatever they do not name is gone too. `inhibited_by` is the open rule that explains
    this group away.
    """

    firings: tuple[Firing, ...] = ()
    gone: tuple[str, ...] = ()
    observation: str = ""
    whole: bool = False
    silenced: tuple[SilencedKeys, ...] = ()
    inhibited_by: str | None = None


class Decided(Wire):
    """The signal `decided`: a person acknowledged or, with `until`, silenced alerts; it is in the database already."""

    keys: tuple[str, ...]
    until: Utc | None = None


class DecisionsInput(Wire):
    """Which alerts of a group are to be looked up, because a signal says that somebody decided about them."""

    group: str
    keys: tuple[str, ...] = ()


class StoredDecision(Wire):
    """What the database says of an open alert."""

    key: str
    state: AlertState
    silenced_until: Utc | None = None


class StoredDecisions(Wire):
    """The open ones among the alerts that were asked for, and the open rules that explain others away."""

    alerts: tuple[StoredDecision, ...] = ()
    causes: tuple[str, ...] = ()


class Inhibited(Wire):
    """The signal `inhibited`: an open alert explains the group away, or none any more."""

    by: str | None


class DetailsAsked(Wire):
    """The signal `details`: somebody said yes to "Would you like me to provide more details?"."""

    keys: tuple[str, ...]


class ChannelRoutes(Wire):
    """The channels to write to now: all of `always`, and the first of `order` that takes the message.

    With `routes` the first one that takes an alert names its channels instead; the last one takes everything.
    """

    always: tuple[str, ...]
    order: tuple[str, ...]
    routes: tuple[AlertRoute, ...] = ()


class PostInput(Wire):
    """One message for one channel; what identifies it is the same however often it is tried (SPEC A6).

    `details` asks for the details to message `sequence` instead of the message; they name the next repeat. `route` is
    the one it goes by, where there are several; each numbers its own messages.
    """

    channel: str
    group: str
    opened_at: Utc
    sequence: int
    telling: NotificationKind
    lines: tuple[MessageLine, ...]
    at: Utc
    details: bool = False
    next_repeat: Utc | None = None
    route: str = ""


class Posted(Wire):
    """The channel has the message; `repeated` if it had it already."""

    channel: str
    repeated: bool = False


class AlertEntry(Wire):
    """One thing that happened to an alert of the group."""

    key: str
    event: AlertEvent
    at: Utc
    detail: str | None = None


class RecordInput(Wire):
    """What happened to the alerts of a group, in order."""

    group: str
    entries: tuple[AlertEntry, ...]


class Delivery(Wire):
    """How one message fared: per channel `delivered`, `repeated` or why not."""

    sequence: int
    telling: NotificationKind
    at: Utc
    alerts: int
    outcomes: dict[str, str] = Field(default_factory=dict)
    route: str = ""


class AlertView(Wire):
    """The answer to the query `view`."""

    group: AlertGroup
    deliveries: tuple[Delivery, ...] = ()


AlertInput.model_rebuild()
