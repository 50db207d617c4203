"""Read the inputs from the runner's environment, and secret values from their sources.

Only this room reads the environment, the files of the workspace, and the plan files of shards. What
a spec means belongs in `spec`.
"""
