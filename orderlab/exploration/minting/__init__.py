"""An exercise made of any run: what comes of each command?"""
