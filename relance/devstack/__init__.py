"""The embedded stack: every server Relance needs, on one machine, for `dev`, `demo`, tests and benchmarks."""
