"""The runner's environment -> frozen inputs, and the values that sources point to.

Only this room reads the environment, the files of the workspace, and the plan files of shards. What
a spec means belongs in `spec`.
"""
