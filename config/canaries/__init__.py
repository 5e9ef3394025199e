"""The standing search for leaks. Everything one school can read is asked, and others say whether any of it is theirs.

`marks`: what of an answer another school would recognise. `inside`: asking routes as a school's own people without a
session, a token or a door. `places`: what is asked beside routes. `turn`: one school's turn, and the clock's.
"""
