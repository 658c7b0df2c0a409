"""The statements of integration."""
