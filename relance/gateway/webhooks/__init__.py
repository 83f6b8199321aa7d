"""What relays report over HTTP; each is off unless its secret is set (SPEC G3)."""
