"""Languages: `<language>/LC_MESSAGES/otel_alerting.po`."""
