"""The report: verdict, scores, findings and charts as one offline page, JSON or a terminal panel."""

from synthesist.report.report import Report, build

__all__ = ["Report", "build"]
