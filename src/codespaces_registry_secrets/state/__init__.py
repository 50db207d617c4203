"""The state: what the Action stored where, as fingerprints and times in Actions variables.

How records are compared with GitHub is in `model/state`, and what follows from it in
`planning/rotation`. No secret value belongs in here, except on its way into a fingerprint.
"""
