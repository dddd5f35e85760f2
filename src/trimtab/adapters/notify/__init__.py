"""How people are told, and how they reply: a module for each way out of the machine."""
