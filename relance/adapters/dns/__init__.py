"""DNS look-ups for the checks of the mail set-up."""
