"""Checks a credential before it is stored: by itself, at GitHub, and by logging in to its registry.

What a rejected credential does to the plan is decided in `planning.credential_gate`.
"""
