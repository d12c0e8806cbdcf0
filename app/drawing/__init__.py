"""Drawings of pages and pictures, from geometry to SVG and PNG."""
