"""Every scenario by name."""

from __future__ import annotations

from tests.faults.away.long_pause import LONG_PAUSE
from tests.faults.away.week_away import WEEK_AWAY
from tests.faults.channels import CHANNEL_FAULTS
from tests.faults.clock_jumps import CLOCK_JUMPS
from tests.faults.disk_full import DISK_FULL
from tests.faults.double_trigger import DOUBLE_TRIGGER
from tests.faults.everflow.scenario import EVERFLOW
from tests.faults.gateway.scenario import GATEWAY
from tests.faults.hands.scenario import HANDS
from tests.faults.health.scenario import HEALTH
from tests.faults.mail.scenarios import MAIL
from tests.faults.malformed_signals.scenario import MALFORMED_SIGNALS
from tests.faults.missed_month.scenario import MISSED_MONTH
from tests.faults.missed_runs.scenario import MISSED_RUNS
from tests.faults.mongo_faults import MONGO_FAIL_COMMANDS
from tests.faults.mongo_kill import MONGO_KILL
from tests.faults.primary_kill import PRIMARY_KILL
from tests.faults.scenario import Scenario
from tests.faults.storm.scenario import ALERT_STORM
from tests.faults.supervised_kill import SUPERVISED_KILL
from tests.faults.temporal_kill import TEMPORAL_KILL
from tests.faults.worker_freeze import WORKER_FREEZE
from tests.faults.worker_kill import WORKER_KILL
from tests.faults.worker_term import ROLLING_RESTART, WORKER_TERM

_ALL = (
    WORKER_KILL,
    WORKER_FREEZE,
    WORKER_TERM,
    ROLLING_RESTART,
    SUPERVISED_KILL,
    TEMPORAL_KILL,
    MONGO_KILL,
    MONGO_FAIL_COMMANDS,
    PRIMARY_KILL,
    DISK_FULL,
    CLOCK_JUMPS,
    DOUBLE_TRIGGER,
    LONG_PAUSE,
    WEEK_AWAY,
    MISSED_RUNS,
    MISSED_MONTH,
    MALFORMED_SIGNALS,
    EVERFLOW,
    ALERT_STORM,
    CHANNEL_FAULTS,
    HEALTH,
    HANDS,
    GATEWAY,
    *MAIL,
)
SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
