"""The scenarios about mail and people."""

from __future__ import annotations

from tests.faults.mail.replies import SMTP_REPLIES
from tests.faults.mail.stages import SMTP_DELAYED, SMTP_STAGES
from tests.faults.scenario import Scenario

MAIL: tuple[Scenario, ...] = (SMTP_STAGES, SMTP_DELAYED, SMTP_REPLIES)
