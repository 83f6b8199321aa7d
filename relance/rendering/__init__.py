"""Letters: templates and how they become messages."""
