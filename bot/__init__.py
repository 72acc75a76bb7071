"""Wirewatch: news alerts with a reason, in the channels where teams already work."""

__version__ = "0.1.0"
