"""The text of a spec -> desired state, or every error in it with its place.

No request and no secret value: whether a source has a value is asked through a function that the
caller passes.
"""
