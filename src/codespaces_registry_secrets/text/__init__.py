"""What leaves the process: text from servers, redacted."""
