"""Pages: each a layout and what fills it."""
