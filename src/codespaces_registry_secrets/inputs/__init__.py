"""The environment -> frozen inputs, and the values that sources point at. Nothing else reads it."""
