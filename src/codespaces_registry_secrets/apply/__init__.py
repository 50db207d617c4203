"""A plan -> outcomes. Changes are applied here and nowhere else.

Requests belong in `github`, messages about progress in `report`: the executor only calls the
functions that the caller passes.
"""
