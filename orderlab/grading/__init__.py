"""Exercises that check themselves: what is asked, what was answered, and what is said to it. Knows no exercise."""
