"""Is a credential good? What it tells by itself, and a login to its registry as Docker does it."""
