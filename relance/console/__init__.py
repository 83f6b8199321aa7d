"""The pages for people: they see how Relance fares, ask it and decide (SPEC section 15)."""
