"""The standing search for leaks. Everything one school can read is asked, and others say whether any of it is theirs.

`turn` is one school's turn, and the clock's; `routes` and `places` what is asked, `keys` with which ids, `inside` how
without a session or a door, `reading` so that nothing changes; `text` and `marks` what is taken from the answers.
"""
