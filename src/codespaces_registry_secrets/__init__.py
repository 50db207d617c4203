"""Keep the private-registry secrets of GitHub Codespaces as a declarative spec says."""
