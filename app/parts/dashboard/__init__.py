"""The dashboard: a module for each panel, and the Dash app of their figures."""
