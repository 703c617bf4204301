"""The virtual district: weather, people, plant and protocol servers."""
