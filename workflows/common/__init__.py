"""Helpers that several workflows share; every file beside this folder is a workflow."""
