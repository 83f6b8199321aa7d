"""What the chat answers (SPEC K3)."""
