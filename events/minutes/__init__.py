"""What took place: outcome, attendance, minutes, tasks, the other side's word, the seal."""
