"""The process itself: threads, signals, and environment variables that configure libraries.

Nothing about GitHub, registries or secrets belongs here. Only `errors` comes before it.
"""
