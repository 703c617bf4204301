"""Weather, prices and CO2 from files and services, and their offline defaults."""
