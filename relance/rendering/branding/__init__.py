"""The folder of one's own templates, read once and checked (SPEC K5)."""
