"""Drawings of pages and pictures as values, and pictures as PNG."""
