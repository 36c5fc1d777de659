"""Services: the catalogue kept by the operator, and what institutions offer out of it."""
