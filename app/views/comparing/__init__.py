"""Who would have said this: pages and API of answers and of the model card."""
