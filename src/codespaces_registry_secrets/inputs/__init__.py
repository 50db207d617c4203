"""The runner's environment -> frozen inputs, and the values that sources point to.

Only this room reads the environment and the files of the workspace. What a spec means belongs in
`spec`.
"""
