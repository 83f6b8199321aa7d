"""The relay: connections, limits, and the conversation with it."""
