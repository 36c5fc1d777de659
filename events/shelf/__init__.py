"""Stored iCalendar text per event and the versions of feeds."""
