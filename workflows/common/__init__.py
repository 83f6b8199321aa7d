"""What several workflows share; a file beside this folder is a workflow."""
