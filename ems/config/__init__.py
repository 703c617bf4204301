"""The district's description: YAML for what is single, CSV for long lists, all of it checked."""
