"""The standing search for leaks. Everything somebody can read is asked, and schools say whether any of it is theirs.

`turn` is one school's turn, and the clock's; `asking` goes through what `routes` and `places` name, as the `callers`,
with `keys`, `inside` this process and `reading` only; `text`, `heard` and `marks` are what is taken from the answers;
`finding`, with `names` and `reach`, says which of them held something they must not.
"""
