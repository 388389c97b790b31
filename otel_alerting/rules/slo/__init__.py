"""An objective says which share of what happens must be good; its rule tells when the rest is used up too fast.

`objective.py` is what people write, `burn.py` how fast is too fast, `indicator.py` what is good and what is bad of a
signal, `tiers.py` what is remembered of a month, and `running.py` the rule with its moving parts.
"""
