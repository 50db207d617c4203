"""Read the inputs from the runner's environment, and secret values from their sources.

Only this room reads inputs, source values, the files of the workspace, and the plan files of
shards. `report` reads only the paths of the runner's files. What a spec means belongs in `spec`.
"""
