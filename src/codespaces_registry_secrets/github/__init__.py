"""GitHub: connecting, looking, writing."""
