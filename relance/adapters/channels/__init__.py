"""The ways to people: one module per channel, all behind `ports.Channel`."""
