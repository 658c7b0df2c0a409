"""Second factors: an authenticator app or a passkey beside the password, and ten recovery codes for a bad day.

`enrolling` begins and ends them, `proving` looks at what somebody shows, `freshness` remembers in the browser's session
when they last did, `door` asks for it before a request is handled, `resets` takes them from whoever lost them all.
Source: 45 CFR 164.312(d); NIST SP 800-63B-4 for the kinds and for what is kept of them; five minutes, ten codes and
two persons are clinic policy.
"""
