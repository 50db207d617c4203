"""Verify a credential before it is stored: by itself, at GitHub, and by a login to its registry.

What a rejected credential does to the plan is decided in `planning.credential_gate`.
"""
