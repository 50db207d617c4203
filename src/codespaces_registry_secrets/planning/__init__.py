"""What is desired and what is observed -> a plan. Pure: no request, no clock, no value."""
