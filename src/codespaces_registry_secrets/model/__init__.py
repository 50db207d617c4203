"""Plain data, without input or output."""
