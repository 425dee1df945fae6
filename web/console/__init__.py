"""The operator console: a Dash app that answers everything below `/ui`."""
