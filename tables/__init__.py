"""Tables: the state each agent keeps, declared."""
