"""The exercises, a room of them for each part of the story; every one is a module with a check of its own."""
