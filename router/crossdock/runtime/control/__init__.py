"""The control API: the operators' office over HTTP, for programs and for the command line with `--server`."""
