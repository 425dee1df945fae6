"""The engine: record batches as messages, tables that checkpoint, exact recovery."""
