"""Make credentials at the services that issue them: list, create, disable, delete."""
