"""The event API of the web application (SPEC G1): signed messages in, questions with a key."""
