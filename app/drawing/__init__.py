"""Drawings of pages and pictures: geometry from numbers, written as SVG or painted as PNG."""
