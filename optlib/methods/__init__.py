"""One module a chapter; ``base`` holds the driver that they share."""
