"""The screens: page shells without a datum in them, and modules in the browser that ask the public API alone."""
