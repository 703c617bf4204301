"""The district's description: YAML for what is single, CSV for the long lists, all of it checked."""
