"""All that people read. Nothing that decides imports it."""
