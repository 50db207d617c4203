"""Logging in to a registry as Docker does, to prove a credential before it is stored."""
