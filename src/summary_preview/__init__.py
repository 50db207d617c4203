"""Show a summary as GitHub does, in Chromium with Mermaid: for tests and pictures.

It is not in the image. GitHub's own style sheet and its sanitizer are not part of it.
"""
