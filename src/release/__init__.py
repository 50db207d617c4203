"""The steps of a release, which `script/release` and `.github/workflows/release.yml` call.

It is not part of the wheel or of the image.
"""
