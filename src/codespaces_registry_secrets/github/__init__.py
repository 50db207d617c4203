"""GitHub's API: authentication, requests, rate limits, and the endpoints that the Action calls.

Nothing here decides what to change, and nothing here writes to the log.
"""
