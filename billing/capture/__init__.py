"""Charge capture: what a session is to be charged with, as far as its record bears it out, and what holds that back."""
