"""What is changed in a traced graph before it is compiled: the numbers stay the same."""

import torch
from torch import Tensor, fx

from shoal.networks.recurrence import OPERATORS

_HEAVY = ("aten.pow.", "aten.exp.", "aten.log.", "aten.cos.", "aten.sqrt.", "aten.rsqrt.")


def rewritten(graph: fx.GraphModule, per_member: bool) -> fx.GraphModule:
    """A copy with float32 batched products and recurrences on shoal's own operators, constants as its last
    inputs, and, if ``per_member``, numbers of one a member computed once."""
    ours = {torch.ops.aten.bmm.default: torch.ops.shoal.matmul.default}
    for name in OPERATORS:
        ours[getattr(torch.ops.shoal_networks, name).default] = getattr(torch.ops.shoal, name).default
    copied = fx.Graph()
    copied.output(copied.graph_copy(graph.graph, {}))
    _constants_as_inputs(copied)
    copy = fx.GraphModule({}, copied)
    for node in list(copy.graph.nodes):
        if node.target in ours:
            value = node.args[0].meta["val"]
            if value.dtype is torch.float32 and value.is_cpu:
                node.target = ours[node.target]
    if per_member:
        _once(copy.graph)
    copy.recompile()
    return copy


def _constants_as_inputs(graph: fx.Graph) -> None:
    """Constants become the last inputs, in the order of ``Program._constants``: export cannot carry them."""
    first = next(node for node in graph.nodes if node.op != "placeholder")
    inputs: dict[str, fx.Node] = {}
    for node in [node for node in graph.nodes if node.op == "get_attr"]:
        name = str(node.target)
        if name not in inputs:
            with graph.inserting_before(first):
                inputs[name] = graph.placeholder(f"constant{name}")
            inputs[name].meta = dict(node.meta)
        node.replace_all_uses_with(inputs[name])
        graph.erase_node(node)


def _once(graph: fx.Graph) -> None:
    """Puts shoal::once behind each costly number of one per member that whole vectors are computed from.

    Sums over vectors count as costly, too: Inductor (2.13, KeyError in try_outer_loop_fusion_with_local_buf)
    cannot fuse their loops with those that use them where each member's numbers are a view of a buffer.
    """
    costly: set[fx.Node] = set()
    for node in graph.nodes:
        value = node.meta.get("val")
        if node.op != "call_function" or not isinstance(value, Tensor) or not _one_a_member(value):
            continue
        heavy = str(node.target).startswith(_HEAVY) or any(map(_many, node.all_input_nodes))
        if heavy or any(one in costly for one in node.all_input_nodes):
            costly.add(node)
    for node in costly:
        readers = [user for user in node.users if user not in costly and user.op == "call_function"]
        readers = [user for user in readers if "copy_" not in str(user.target)]
        if readers:
            with graph.inserting_after(node):
                barrier = graph.call_function(torch.ops.shoal.once.default, (node,))
            for user in readers:
                user.replace_input_with(node, barrier)


def _many(node: fx.Node) -> bool:
    """Whether a node has more than one number a member."""
    value = node.meta.get("val")
    return isinstance(value, Tensor) and not _one_a_member(value)


def _one_a_member(value: Tensor) -> bool:
    return value.ndim <= 1 or all(isinstance(size, int) and size == 1 for size in value.shape[1:])
