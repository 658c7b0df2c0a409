"""What a client owes, and the papers that say so: the account, numbered statements, what a payment was for.

None of them holds a code or a diagnosis, and none is a receipt for an insurer or a health account.
"""
