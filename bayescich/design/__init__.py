"""From an analysis table and a spec to named arrays: the only thing that reaches the model."""

from bayescich.design.build import build_design
from bayescich.design.core import Design, Factor, FixedMatrix

__all__ = ["Design", "Factor", "FixedMatrix", "build_design"]
