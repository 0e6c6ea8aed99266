"""Faults: what is wrong, or doubtful, in a return as it was made; nothing is changed here.

One module per theme holds its rules; `find_faults` holds them all against the returns.
"""

from bayescich.histories.faults.authorities import authority_profile
from bayescich.histories.faults.find import ANY_FAULT, COLUMNS, RULES, find_faults
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import FaultTables

__all__ = [
    "ANY_FAULT",
    "COLUMNS",
    "RULES",
    "FaultTables",
    "Rule",
    "authority_profile",
    "find_faults",
]
