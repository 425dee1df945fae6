"""Detection: models that learn from a file of payments and are judged on one."""
