"""``make scale-test``: the clinic as several processes of each kind, which are raced, killed and moved away from.

Nothing here is collected by pytest. `run.py` brings a house up, lets each part prove its lines, and says what it left out.
"""
