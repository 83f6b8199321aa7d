"""The looks of the health check that ask Temporal, one module each (SPEC H2)."""
