"""The same work by what people would pick instead of Relance: `python -m benchmarks.peers`.

`programs` run in an environment of their own (`environment.py`) and import nothing of Relance.
"""
