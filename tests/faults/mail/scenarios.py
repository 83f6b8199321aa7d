"""The scenarios about mail and people."""

from __future__ import annotations

from tests.faults.mail.poison import POISON
from tests.faults.mail.postfix_live import POSTFIX_LIVE
from tests.faults.mail.races import OPTOUT_RACE
from tests.faults.mail.relay_down import RELAY_DOWN
from tests.faults.mail.replies import SMTP_REPLIES
from tests.faults.mail.stages import SMTP_DELAYED, SMTP_STAGES
from tests.faults.scenario import Scenario

MAIL: tuple[Scenario, ...] = (SMTP_STAGES, SMTP_DELAYED, SMTP_REPLIES, RELAY_DOWN, OPTOUT_RACE, POISON, POSTFIX_LIVE)
