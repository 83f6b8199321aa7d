"""The engine that claims mails, sends them and records what became of them; it knows no Temporal."""
