"""A mail server that keeps what it accepts, fails on demand, and can be read over HTTP.

It runs as a process of its own, so that its parsing and writing never take time from the loop of the code under test.
"""
