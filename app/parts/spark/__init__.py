"""Jobs on Spark for corpora of any size: a model, and judgements of texts."""
