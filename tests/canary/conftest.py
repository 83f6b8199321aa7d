"""The same installation as the end-to-end tests have."""

from __future__ import annotations

from tests.end_to_end.conftest import installation

__all__ = ["installation"]
