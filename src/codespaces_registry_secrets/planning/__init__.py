"""Desired state and observed state -> a plan. Pure: no request, no clock, no secret value.

Everything that can block or reorder a change is decided here, and nothing is applied.
"""
