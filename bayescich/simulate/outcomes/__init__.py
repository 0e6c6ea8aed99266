"""Outcomes at 16 and 18, and every table that carries them."""
