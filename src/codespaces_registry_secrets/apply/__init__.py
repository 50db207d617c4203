"""A plan -> outcomes. Changes are applied here and nowhere else.

Progress is reported through functions that the caller passes.
"""
