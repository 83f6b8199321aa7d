"""Buttons of our messages in Slack, pressed by people (SPEC K3)."""
