"""Telegram: the words, who may ask, what a tap does, and the sending.

The words (``messages`` for what is told, ``answers`` for what is asked, and what these are built from) are pure and
import no Telegram library: facts in, a ``Message`` out. ``telegram`` types appear only where messages leave.
"""
