"""What the process does beside its work: threads, signals, the environment of libraries."""
