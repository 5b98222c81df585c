"""What to ask Graph, and in which order: one file per resource."""
