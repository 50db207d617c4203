"""What scripts and tests need to know about the image: its wheels, labels and layers. Not in it."""
