"""Jobs on Spark for corpora of any size: a model of their authors, and judgements of texts."""
