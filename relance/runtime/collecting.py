"""Garbage collection that does not delay callers that wait for an answer."""

from __future__ import annotations

import gc

THRESHOLDS = 10_000, 20, 20
"""Objects until a collection, and how many of the younger ones make an older one: a request leaves a few hundred."""


def leave_out_what_is_loaded() -> None:
    """Have no later collection look at what is there already: modules, models, routes.

    Looking at all of it takes 50 ms and more, and takes a third of a busy gateway's time: every few hundred documents
    that are read make one. To be called once, when everything is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
