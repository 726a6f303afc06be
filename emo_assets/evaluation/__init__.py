"""How well generated songs follow their requests and descriptions: numbers for the reports."""
