"""Raw tables to cleaned, indexed and split data; queries and features made of it."""
