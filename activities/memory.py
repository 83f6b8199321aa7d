"""The memory of this worker process."""

from __future__ import annotations

import resource
import sys


def rss_peak_mb() -> float:
    """Return the largest resident set this process ever had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
