"""Planted names, addresses and secrets, and a search for them wherever they must not be (SPEC section 13)."""
