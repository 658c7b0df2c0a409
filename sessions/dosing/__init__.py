"""The dose: order, gates, administration, adverse events, discharge. Here the safety rules stand together."""
