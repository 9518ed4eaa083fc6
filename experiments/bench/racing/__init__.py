"""The parts of race.py: data sets, contestants, the search for their settings, the certificate, the limit and the table.

Every contestant is a process of its own that is fed the data once and then answers one line to each line: how many seconds a fit took.
What it found comes back in a file and is judged by certificate.py alone.
"""
