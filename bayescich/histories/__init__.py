"""Histories: typed records turned into what a model is about.

Spells of care, placements and moves of a child; the type of a home; the inspections of a
home over the years. Each function returns its table with an account of every row.
"""
