"""What the world outside does, as figures: each is right when it is 0."""
