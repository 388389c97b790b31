"""Words for messages: `<format>/<name>.j2`."""
