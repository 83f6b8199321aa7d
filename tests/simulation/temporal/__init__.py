"""The simulated Temporal: histories, replay, timers, children, resets; the workflows on it are the real ones."""
