"""What can be charged: service codes, the clinic's fees, and the diagnosis table."""
