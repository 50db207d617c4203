"""Load the desired state from the text of a spec, or report every error with its location.

No request and no secret value: a function that the caller passes says whether a source has a value.
"""
