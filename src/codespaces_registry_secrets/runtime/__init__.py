"""The process itself: threads, signals, and environment variables that configure libraries.

Nothing here knows GitHub, registries or secrets. Every other room can import it.
"""
