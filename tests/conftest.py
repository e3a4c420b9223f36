"""Fixtures for every test below this folder."""

from browser import browser as browser
