"""HTTP: a folder for each subject, above the modules that serve all of them."""
