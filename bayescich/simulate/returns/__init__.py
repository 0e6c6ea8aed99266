"""Journeys cut into the rows of the SSDA903 return."""
