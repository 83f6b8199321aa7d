"""The world outside, one folder or module per server."""
