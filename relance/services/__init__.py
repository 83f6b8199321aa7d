"""What several entries share: the CLI, the activities and the gateway."""
