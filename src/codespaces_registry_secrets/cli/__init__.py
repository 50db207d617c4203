"""The command line: `codespaces-registry-secrets`. One module for each command.

A command reads its options and files, calls the other rooms, and prints the result. Rules about
specs, plans and GitHub belong in the other rooms, because the Action follows them too.
"""
