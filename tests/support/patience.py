"""How long a test waits for what has to come."""

from __future__ import annotations

PATIENCE_S = 60.0
"""Only a failure waits that long; so much because a test may have a tenth of a busy machine to itself."""
