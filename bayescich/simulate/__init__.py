"""A synthetic England: the same files as the real returns, and the truth that made them.

A first, plain version for trying the package without data and for testing that a model
finds what was put in. It is calibrated to published figures (``calibration``); it is not
a copy of any child, home or authority.
"""

from bayescich.simulate.england import SyntheticEngland, simulate_england
from bayescich.simulate.write import write_england

__all__ = ["SyntheticEngland", "simulate_england", "write_england"]
