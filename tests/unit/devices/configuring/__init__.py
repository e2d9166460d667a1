"""What dialects know of configurations as texts."""
