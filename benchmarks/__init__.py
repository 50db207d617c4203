"""Measure the requests, the time and the memory of the Action: `script/bench`."""
