"""Alert -> Notification: routes, groups, and the decision to tell someone now."""
