"""Rules: SQL expressions over the feature vector, checked, then run by Polars."""
