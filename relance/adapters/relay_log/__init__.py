"""Look-ups of mails at the relay by their Message-ID (SPEC X4)."""
