"""Bayesian multilevel models of children in children's homes in England.

The path runs left to right through ten rooms: ``spec``, ``records``,
``histories``, ``simulate``, ``design``, ``model``, ``sampling``, ``checks``,
``estimates`` and ``report``. Importing the package loads none of them, so that
the command line answers at once.
"""

__version__ = "0.1.0"
