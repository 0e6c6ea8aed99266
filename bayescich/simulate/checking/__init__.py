"""Figures of a synthetic England that are published of England, each as its publisher counts."""
