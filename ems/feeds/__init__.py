"""Exports for building managers and residents."""
