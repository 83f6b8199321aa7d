from __future__ import annotations

from importlib.resources import files

import whenever
from hypothesis import settings

# The machine is shared and slow at times: a limit per example would fail for that alone.
settings.register_profile("domain", deadline=None, max_examples=150)
settings.load_profile("domain")

# The oracle reads the same rules as the code, else a difference of the databases would look like one of the logic.
whenever.reset_tzpath([str(files("tzdata").joinpath("zoneinfo"))])
whenever.clear_tzcache()
