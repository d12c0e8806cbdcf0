"""Explaining a file: what it is read as and what is not understood, without anybody's words."""
