"""Limits in rate, size, time and number on every stage of a request (SPEC G5)."""
