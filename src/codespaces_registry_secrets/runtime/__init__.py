"""The process itself: threads, signals, environment variables that configure libraries.

Nothing here knows GitHub, a registry or a secret. Each room below may import it.
"""
