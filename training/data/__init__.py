"""Raw tables to cleaned, indexed and split data; queries and features derived from it."""
