"""Money facts: charges for rendered, signed services; payments, their allocations, refunds. Balances are sums."""
