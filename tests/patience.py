"""How long a test waits for what has to come."""

from __future__ import annotations

PATIENCE_S = 60.0
"""Only a failure waits that long; so much because a test may have a tenth of a busy machine to itself."""

NEVER_DEADLOCKED = True
"""For `debug_mode` of a test's worker: a workflow that stands still for two seconds is slow there, not deadlocked."""
