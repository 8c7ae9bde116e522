"""A past with something changed in it, in two lanes: its facts folded again, its commands decided again."""
