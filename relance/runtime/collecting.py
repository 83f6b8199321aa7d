"""Garbage collection that delays neither callers that wait for an answer nor the mails of a wave."""

from __future__ import annotations

import gc

THRESHOLDS = 10_000, 5, 5
"""Objects until a collection, and how many of the younger ones make an older one: a request leaves a few hundred.

A workflow that leaves the cache leaves a thousand and more, which only the oldest generation frees.
"""


def leave_out_what_is_loaded() -> None:
    """Have no later collection look at what is there already: modules, models, routes.

    Looking at all of it takes 50 ms and more, and takes a third of a busy gateway's time: every few hundred documents
    that are read make one. A worker that sends reminders spent 15 % of its time on it, up to 0.4 s at once. To be
    called once, when everything is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
