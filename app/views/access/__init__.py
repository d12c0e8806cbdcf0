"""Signing in, the settings, readers."""
