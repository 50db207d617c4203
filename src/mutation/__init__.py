"""Mutation tests, which `script/mutate` runs: do the tests notice a change of the code?

They are not part of the wheel or of the image.
"""
