"""`rules` is a group: what one does with rules before they watch anything.

A new file here with `NAME = "rules …"` is a new command of the group.
"""

NAME = "rules"
HELP = "Test rules, and bring them here from elsewhere."
