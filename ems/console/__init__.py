"""The operator's console: pages, a JSON API and a live feed, all read from the store."""
