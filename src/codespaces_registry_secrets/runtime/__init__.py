"""The process itself: threads, signals, and environment variables that configure libraries.

It depends on nothing of GitHub, registries or secrets. Every other room can import it.
"""
