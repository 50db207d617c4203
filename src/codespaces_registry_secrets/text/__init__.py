"""Text that leaves the process: control characters, workflow commands, Markdown, redaction.

Pure functions over text. What a message says belongs where the event happens; how a plan or an
outcome is laid out belongs in `report`.
"""
