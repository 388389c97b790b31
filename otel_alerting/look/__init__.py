"""A Slack payload as Slack would draw it: in a terminal, or as a page."""
