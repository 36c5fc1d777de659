"""The first floor: territory, institutions, people and agreements."""
