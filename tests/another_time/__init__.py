"""Run tests as if it were another time: at night, on a clock-change night, at a year's end."""
