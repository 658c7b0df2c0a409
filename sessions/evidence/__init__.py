"""One dosing session as its record stands, put together and frozen."""
