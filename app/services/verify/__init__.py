"""Did this one author write it? Verification against the other authors of a language."""
