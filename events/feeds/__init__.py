"""Public iCalendar feeds of the portal, an institution, a project, an event; personal ones by a secret address."""
