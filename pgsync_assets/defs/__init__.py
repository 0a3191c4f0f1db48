"""Your own definitions: one folder per component, made by `dg scaffold defs`."""
