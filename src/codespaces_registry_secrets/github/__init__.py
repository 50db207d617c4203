"""GitHub's API: authentication, requests, rate limits, and the endpoints that the Action calls.

This room does not decide what to change. It reports waits only through the callback `log` of
`rate_limiter.RateLimiter`, and writes no other line to the log.
"""
