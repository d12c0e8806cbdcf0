"""Imports of files, uploads, JSON lines and sample posts."""
