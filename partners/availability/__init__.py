"""When an institution or one of its rooms is not to be had: blocked days, and the suspension of a prison unit."""
