"""The Model Context Protocol: assistants read the site by eight tools, over HTTP or a pipe."""
