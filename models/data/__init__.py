"""From function documentation and sentence patterns to training examples."""
