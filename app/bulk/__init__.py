"""Archives of any size: jobs on Spark, and loading of what they prepared into PostgreSQL."""
