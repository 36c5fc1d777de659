"""The third floor: the calendar, sign-ups and calendar feeds."""
