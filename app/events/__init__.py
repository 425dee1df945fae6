"""Words on the wire: the records that travel between the parts, and nothing else."""
