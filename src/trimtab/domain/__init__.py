"""Facts and rules as plain values: the words every other room speaks. Standard library only."""
