"""A patch that also takes hold in a run that went past its place before the patch existed."""

from __future__ import annotations

from temporalio import workflow


class FromNowOn:
    """Asks the SDK for a patch under a new name until it has been granted one.

    The SDK remembers its first answer for the rest of a run: a workflow that lives for weeks and was there once before
    the deployment would keep the old behaviour to its end. Each refusal belongs to one place in the history; a replay
    counts the same refusals and finds the marker under the same name; after that no further marker is written.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._refused = 0
        self._holds = False

    def holds(self) -> bool:
        """Return whether the new behaviour holds here."""
        if not self._holds:
            self._holds = workflow.patched(f"{self._name}/{self._refused}" if self._refused else self._name)
            self._refused += not self._holds
        return self._holds
