"""Commands: one verb a module, what `smartbank <verb>` runs."""
