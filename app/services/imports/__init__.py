"""Imports of files, uploads, JSON lines and the sample posts."""
