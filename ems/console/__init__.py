"""The operators' console and its HTTP API."""
