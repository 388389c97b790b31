"""Signal -> Alert: rules are one fixed pipeline (select, group, window, aggregate, condition, state)."""
