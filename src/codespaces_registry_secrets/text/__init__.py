"""Text that leaves the process: what others say, made fit for a log."""
