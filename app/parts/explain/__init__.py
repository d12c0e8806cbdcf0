"""Explaining a file: its format, and the parts not understood, masked."""
