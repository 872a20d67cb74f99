"""svfair: train speaker verification whose errors are spread more evenly over people, and measure it."""

__version__ = "0.1.0"
