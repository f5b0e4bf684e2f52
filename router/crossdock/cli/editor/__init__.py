"""`crossdock lsp`: what an editor asks of a project while its files are written.

server  the Language Server Protocol     cursor  the word where somebody types
editing what is asked, and the answers   known   what may stand in a word's place
"""
