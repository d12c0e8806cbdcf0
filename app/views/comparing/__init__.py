"""Pages and API of comparisons and of the model card."""
