"""A chat that keeps what is posted to it, fails on demand, and can be read over HTTP, as a process of its own."""
