"""An operator's day by script: the documents' commands on a pseudo-terminal, with parts killed in between.

What is printed is compared with what MongoDB, the mailbox and Temporal hold. `python -m tests.operators_day --json`.
"""
