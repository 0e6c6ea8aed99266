"""One self-contained page for people who did not write the model.

This room lays out what checks and estimates found; it computes nothing that is cited.
"""

from bayescich.report.content import ReportContent
from bayescich.report.page import write_report

__all__ = ["ReportContent", "write_report"]
