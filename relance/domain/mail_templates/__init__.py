"""Templates of one's own: what they may hold, and what is wrong with them (SPEC K5)."""
