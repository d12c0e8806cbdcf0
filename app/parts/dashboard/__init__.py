"""The dashboard: a module for each panel, and the Dash app that shows their figures."""
