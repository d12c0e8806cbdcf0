"""Finding posts by their words and by their vectors."""
