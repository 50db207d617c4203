"""A plan -> outcomes. A change is carried out here and nowhere else.

Progress is reported through functions that the caller passes.
"""
