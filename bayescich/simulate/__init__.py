"""A synthetic England: the same files as the real returns, and the truth that made them.

It is calibrated to published figures (``calibration.yaml``, ``docs/synthetic-england.md``); it is
not a copy of any child, home, owner or authority.
"""

from bayescich.simulate.england import England, simulate_england
from bayescich.simulate.settings import SIZES, Settings
from bayescich.simulate.write import write_england

__all__ = ["SIZES", "England", "Settings", "simulate_england", "write_england"]
