"""The dashboard: a panel and its figure in a module each, and the Dash app that shows them."""
