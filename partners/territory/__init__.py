"""TERYT territory: voivodeships, counties, gminas and Warsaw districts."""
