"""What a person or a later step sees: log, annotations, summary, outputs.

It renders plans, notes and outcomes, and decides nothing about them.
"""
