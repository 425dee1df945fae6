"""Parquet: decisions and labels as columns in files, for backtests and training."""
