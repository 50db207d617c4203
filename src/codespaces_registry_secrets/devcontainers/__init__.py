"""Find the images that the dev containers of one repository pull, from the text of its files.

No request: the caller reads the files. Nothing is built or started, and no value is guessed.
"""
