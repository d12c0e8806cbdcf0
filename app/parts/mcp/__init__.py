"""The Model Context Protocol: assistants read the site by seven tools, over HTTP or a pipe."""
