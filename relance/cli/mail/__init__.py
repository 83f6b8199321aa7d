"""`mail`: templates, previews and trials."""
