"""Money, one room per noun: codes (what can be charged), ledger (charges, payments), documents (superbills, receipts),
coverages (who else may pay), estimates (what it will cost), letters (why it is needed).

Remember: what a payer or a tax office may ask for is append-only, here and in the database. A correction is a reversing
row or a new document. Amounts are Decimal dollars, exact to the cent. Nothing in an answer of this app is clinical but
the billing code and the diagnosis, and what a letter of necessity says. Rooms import downwards:
reports | capture > jobs | estimates | letters | statements > documents | plans > packages > ledger >
scales | coverages > codes.

CPT is a registered trademark of the American Medical Association. CPT codes are used under the practice's own licence;
the labels in this app are our own words.
"""
