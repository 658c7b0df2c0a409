"""Numbered, immutable papers for the client: superbills and HSA/FSA receipts, each with its PDF and SHA-256."""
