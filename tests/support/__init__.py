"""What the tests of several folders need: servers and processes to test with, canned people and documents, patience.

Programs have folders of their own (`tests/faults`, `tests/simulation`, `tests/outside`, `tests/intake`), and so have
corpora, which lie beside the tests of their chapter.
"""
