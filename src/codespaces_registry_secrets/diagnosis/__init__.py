"""What GitHub stores for a registry, and whether a codespace can use it. Pure: no request.

Nothing is changed: what a run would do is decided in `planning`, and only quoted here.
"""
