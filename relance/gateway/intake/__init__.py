"""The listener mail comes back to."""
