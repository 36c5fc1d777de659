"""Reports: what a programme has done, out of sealed records, frozen with its day."""
