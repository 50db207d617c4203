"""A plan -> outcomes. A change is interpreted here and nowhere else."""
