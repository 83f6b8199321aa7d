"""The looks of the health check, one module each (SPEC H2); those that ask Temporal are in `relance.temporal`."""
