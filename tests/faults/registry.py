"""Every scenario by name."""

from __future__ import annotations

from tests.faults.everflow.scenario import EVERFLOW
from tests.faults.mail.scenarios import MAIL
from tests.faults.scenario import Scenario
from tests.faults.storm.scenario import ALERT_STORM
from tests.faults.worker_kill import WORKER_KILL

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (WORKER_KILL, EVERFLOW, ALERT_STORM, *MAIL)}
