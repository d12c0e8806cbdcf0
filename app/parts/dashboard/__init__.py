"""The dashboard: a module for each panel and its figure, and the Dash app that shows them."""
