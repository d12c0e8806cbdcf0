"""The parts: subjects that a site may leave out; `app/part_list.py` lists them."""
