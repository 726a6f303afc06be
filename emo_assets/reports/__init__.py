"""Figures and tables for people. Reports draw the arrays, tables and songs that they are handed."""
