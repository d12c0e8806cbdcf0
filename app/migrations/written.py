"""How Alembic writes a revision: changes that need a new table on SQLite are in `remade`."""

from typing import Any, Final

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

_render: Final = renderers.dispatch(ops.ModifyTableOps)


@renderers.dispatch_for(ops.ModifyTableOps, replace=True)
def _render_changes(context: AutogenContext, changes: ops.ModifyTableOps) -> list[str]:
    """Return the lines for the changes to a table.

    SQLite refuses most changes, and Alembic's own batch loses triggers, indexes and newest ids.
    """

    def lines_of(*kinds: type[Any], as_batch: bool = False) -> list[str]:
        context.opts["render_as_batch"] = as_batch
        chosen = [change for change in changes.ops if isinstance(change, kinds)]
        lines: list[str] = _render(context, ops.ModifyTableOps(changes.table_name, chosen))
        context.opts["render_as_batch"] = False
        return lines

    simple = (ops.AddColumnOp, ops.CreateIndexOp, ops.DropIndexOp)
    if all(isinstance(change, simple) for change in changes.ops):
        return lines_of(*simple)
    context.imports.add("from app.migrations.tables import remade")
    # A new table gets the indexes that the old one has, which only remain if their columns do.
    others = {type(change) for change in changes.ops} - {ops.CreateIndexOp, ops.DropIndexOp}
    _, *batch = lines_of(*others, as_batch=True)
    begin = f"with remade({changes.table_name!r}) as batch_op:"
    return [*lines_of(ops.DropIndexOp), begin, *batch, *lines_of(ops.CreateIndexOp)]
