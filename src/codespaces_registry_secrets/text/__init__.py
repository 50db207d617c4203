"""Make text safe to print: control characters, workflow commands, Markdown, redaction.

Pure functions over text. The wording of a message belongs where the event happens; the layout of a
plan or an outcome belongs in `report`.
"""
