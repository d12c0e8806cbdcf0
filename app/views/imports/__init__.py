"""Imports and live sources: uploads, previews, reports."""
