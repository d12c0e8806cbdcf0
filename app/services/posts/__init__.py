"""Authors and their posts."""
