"""Relance: recurring jobs and long-lived reminders on Temporal."""

__version__ = "0.1.0"
