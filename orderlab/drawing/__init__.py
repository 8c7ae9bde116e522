"""Pictures and small tables for notebooks, by the standard library alone; knows nothing of orders."""
