"""Notification -> Message: templates, languages, markup, redaction."""
