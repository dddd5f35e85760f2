"""One module per schema, each of them frozen: a migration never imports the present schema."""
