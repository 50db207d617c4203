"""What leaves the process: filters for text that the runner, a person or a browser reads."""
