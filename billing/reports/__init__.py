"""Reports of the money: what is owed and since when, what came in, what was given up, what packages still owe.

Nothing is kept here: each figure is a sum of the ledger's rows, and the rows behind it come with it.
"""
