"""Children and their journeys through care."""
