"""A GitHub Action that manages the container registry secrets of GitHub Codespaces."""
