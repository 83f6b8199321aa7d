"""An Everflow network of our own: stored facts, computed reports, faults on demand.

It runs as a process of its own. Nothing is canned: zones, windows, groupings and totals are computed from the facts.
"""
