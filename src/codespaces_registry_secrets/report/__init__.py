"""A plan and its outcomes as people and later steps read them."""
