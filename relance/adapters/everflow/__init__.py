"""Everflow's network API: `client` speaks HTTP, everything else here is pure."""
