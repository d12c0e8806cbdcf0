"""Authors and their posts: adding, reading, counting, exporting, deleting."""
