"""Posts: lists, one post, search, export and the live stream."""
