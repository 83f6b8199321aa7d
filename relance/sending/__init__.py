"""The engine that claims mails, sends them and records their results. It does not import Temporal."""
