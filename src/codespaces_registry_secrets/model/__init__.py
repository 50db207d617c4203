"""Plain data, and the rules that follow from the data alone.

Targets, triplets, registries, repositories, desired and observed state, the plan and its outcomes.
No I/O, no clock, no secret value, no PyGithub.
"""
