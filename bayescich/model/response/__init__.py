"""Responses of one row per child: the fused likelihood of outcomes at 16 and 18."""
