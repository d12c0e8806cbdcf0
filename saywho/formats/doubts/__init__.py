"""Doubts: cheap questions about all records of a file, whatever its format."""
