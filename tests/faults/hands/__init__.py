"""Terminate, cancel and reset of every kind of workflow, by the `temporal` CLI, on real servers."""
