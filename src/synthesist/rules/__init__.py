"""Constraints and conditions, compiled into sampling."""
