"""Duty hours of a welfare centre inside a prison unit: slots booked as a number of persons and topics."""
