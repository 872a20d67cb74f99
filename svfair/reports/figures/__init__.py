"""Plots of the page as inline SVG."""
