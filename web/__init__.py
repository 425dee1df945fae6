"""The web: REST and the operator console, mounted on the worker."""
