"""How many requests, how much time and how much memory the Action takes: `script/bench`."""
