"""Create, disable and delete credentials at the services that issue them, and keep a journal.

What is created and retired is decided in `planning`. Each kind of issuer is one module with the
interface of `issuer`; what only one vendor does belongs nowhere else.
"""
