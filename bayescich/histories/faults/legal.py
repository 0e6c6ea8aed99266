"""Rules about how long an emergency legal status may last."""

from __future__ import annotations

from bayescich.histories.faults.known import in_groups
from bayescich.histories.faults.limits import limit_rules

THEME = "legal status"

RULES = tuple(
    rule
    for rule in limit_rules(
        THEME, ("most days",), ("LS",), "A later status was not recorded on its day."
    )
    if rule.name.split()[0] in in_groups("ssda903_ls", "emergency")
)
