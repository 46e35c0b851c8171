"""Fewer operations for the same formula: a·x + y, y + a·x·z and y + a·x/z are one operation each.

Every operation over a vector is a walk through memory, so a rule's time is their number. Scalar factors move
together (m/(1-β₁ᵗ)·η is one factor of m), which changes results by roundings only.
"""

from collections import Counter
from typing import Any

import torch

from shoal.optim.recording import Call, Value

_SUMS = ("add", "addcmul", "addcdiv")
Scalar = Any  # a Value without dimensions, or a plain number


class Fusing:
    """The calls of a recording, rewritten: ``scalars`` and ``vectors``, each in order."""

    def __init__(self, calls: list[Call], outputs: list[Value]):
        self.made = {call.out: call for call in calls}
        self.uses = Counter(one for call in calls for one in call.inputs)
        self.uses.update(outputs)
        self.scalars = [call for call in calls if not call.out.is_vector]
        self.vectors: list[Call] = []
        for call in calls:
            if call.out.is_vector:
                self._rewrite(call)
                self.vectors.append(call)
        for call in self.scalars:
            if call.function is torch.sum and call.reduces:
                self._dot(call)

    def _dot(self, call: Call) -> None:
        """The sum of a product of two vectors."""
        product = self._single(call.args[0], "mul", "pow")
        if product is None:
            return
        one, other = product.args
        if product.function is torch.pow and other == 2:
            other = one
        if _is_vector(one) and _is_vector(other) and one.example.dtype == other.example.dtype:
            call.function, call.args = torch.dot, (one, other)

    def _single(self, value: Any, *names: str) -> Call | None:
        """The call that made a vector which nothing else uses, if it is one of these functions."""
        call = self.made.get(value) if _is(value) and value.is_vector else None
        if call is None or self.uses[value] != 1 or call.function.__name__ not in names or call.options:
            return None
        return call

    def _scalar(self, function: Any, *args: Scalar) -> Scalar:
        """A scalar computed of others, once a step."""
        plain = [one.example if _is(one) else one for one in args]
        if not any(_is(one) for one in args):
            return function(torch.tensor(float(plain[0]), dtype=torch.float64), *plain[1:]).item()
        if not _is(args[0]):
            args = (self._scalar_of(args[0]), *args[1:])
            plain[0] = args[0].example
        out = Value(function(*plain))
        self.scalars.append(Call(function, args, {}, out))
        return out

    def _scalar_of(self, number: float) -> Value:
        out = Value(torch.tensor(float(number), dtype=torch.float64))
        self.scalars.append(Call(torch.scalar_tensor, (float(number),), {"dtype": torch.float64}, out))
        return out

    def _factor(self, value: Any) -> tuple[Any, Scalar | None]:
        """``value`` as (vector, scalar factor), walking down products and quotients with scalars."""
        call = self._single(value, "mul", "div", "neg")
        if call is None:
            return value, None
        if call.function is torch.neg:
            base, factor = self._factor(call.args[0])
            return base, self._times(factor, -1.0)
        first, second = call.args
        if call.function is torch.mul and not _is_vector(first):
            first, second = second, first
        if not _is_vector(first) or _is_vector(second):
            return value, None
        base, factor = self._factor(first)
        if call.function is torch.mul:
            return base, self._times(factor, second)
        return base, self._scalar(torch.div, 1.0 if factor is None else factor, second)

    def _times(self, factor: Scalar | None, other: Scalar) -> Scalar:
        return other if factor is None else self._scalar(torch.mul, factor, other)

    def _rewrite(self, call: Call) -> None:
        name = call.function.__name__
        if call.options or name not in ("add", "sub", "mul", "div"):
            return
        if name in ("mul", "div"):
            self._gather(call)
            return
        first, second = call.args
        if name == "sub":
            if _is_vector(first) and _is_vector(second):
                self._add(call, first, second, -1.0)
        elif _is_vector(first) and _is_vector(second):
            if not (
                self._there(call, first, second)
                or self._one_by_one(call, first, second)
                or self._add(call, first, second, None)
            ):
                self._add(call, second, first, None)
        elif _is_vector(second):
            call.args = (second, first)

    def _gather(self, call: Call) -> None:
        """A chain of scalar factors as one."""
        first, second = call.args
        if call.function is torch.mul and not _is_vector(first):
            first, second = second, first
            call.args = (first, second)
        if _is_vector(first) and not _is_vector(second) and self._single(first, "mul", "div", "neg"):
            base, factor = self._factor(first)
            if factor is not None:
                call.args = (base, self._scalar(call.function, factor, second))
                call.function = torch.mul

    def _add(self, call: Call, base: Value, term: Value, sign: float | None) -> bool:
        """``base + sign·term`` as one operation, if the term is a product that nothing else needs."""
        inner, factor = self._factor(term)
        if sign is not None:
            factor = self._times(factor, sign)
        base, inner, factor = self._shrunk(base, inner, factor)
        product = self._single(inner, "mul", "pow", "div")
        options: dict[str, Any] = {} if factor is None else {"value": factor}
        if product and product.function is torch.pow and product.args[1] == 2:
            call.function, call.args = torch.addcmul, (base, product.args[0], product.args[0])
        elif product and product.function is not torch.pow and all(map(_is_vector, product.args)):
            over, by = product.args
            over, more = self._factor(over)
            if more is not None:
                options = {"value": more if factor is None else self._scalar(torch.mul, factor, more)}
            fused = torch.addcmul if product.function is torch.mul else torch.addcdiv
            call.function, call.args = fused, (base, over, by)
        elif factor is not None:
            call.function, call.args, options = torch.add, (base, inner), {"alpha": factor}
            self._mean(call, base, inner, factor)
            self._toward(call, base, inner, factor)
            options = options if call.function is torch.add else {}
        else:
            return False
        call.options = options
        return True

    def _there(self, call: Call, base: Value, way: Value) -> bool:
        """base + (x - base) as x."""
        made = self.made.get(way)
        if made is None or made.function is not torch.add or self.uses[way] != 1:
            return False
        there = self.made.get(made.args[0])
        if made.args[1] is not base or made.options != {"alpha": -1.0} or there is None:
            return False
        if self.uses[there.out] != 1 or there.out.example.dtype != call.out.example.dtype:
            return False
        call.function, call.args, call.options = there.function, there.args, there.options
        return True

    def _one_by_one(self, call: Call, base: Value, terms: Value) -> bool:
        """base + (a·x + more) as (base + a·x) + more: where ``more`` is a product, a walk less."""
        last = self.made.get(terms)
        if last is None or self.uses[terms] != 1 or last.function.__name__ not in _SUMS or not last.options:
            return False
        scaled, *more = last.args
        if base in more or not self._single(scaled, "mul", "div"):
            return False
        out = Value(base.example.clone())
        self.made[out] = first = Call(torch.add, (base, scaled), {}, out)
        self.uses[out] = 1
        self._add(first, base, scaled, None)
        self.vectors.append(first)
        call.function, call.args, call.options = last.function, (out, *more), last.options
        return True

    def _shrunk(self, base: Value, inner: Value, factor: Scalar | None) -> tuple[Value, Value, Scalar | None]:
        """base + a(x + λ·base) as (1 + aλ)·base + a·x: decay beside a step."""
        call = self.made.get(inner)
        if factor is None or call is None or self.uses[inner] != 1 or call.function is not torch.add:
            return base, inner, factor
        if call.args[1] is not base or call.options.get("alpha", -1.0) == -1.0:  # _toward has these
            return base, inner, factor
        share = self._scalar(torch.add, self._times(factor, call.options["alpha"]), 1.0)
        shrunk = Value(base.example.clone())
        self.made[shrunk] = decay = Call(torch.mul, (base, share), {}, shrunk)
        self.uses[shrunk] = 1
        self.vectors.append(decay)
        inner, more = self._factor(call.args[0])
        return shrunk, inner, factor if more is None else self._scalar(torch.mul, factor, more)

    def _mean(self, call: Call, base: Value, inner: Value, factor: Scalar) -> None:
        """b·x + (1-b)·y as one walk from x to y."""
        scaled = self._single(base, "mul")
        rest = next((one for one in self.scalars if one.out is factor), None)
        if scaled is None or rest is None or rest.function is not torch.rsub:
            return
        if scaled.args[1] is rest.args[0] and rest.args[1] == 1 and not rest.options:
            call.function, call.args = torch.lerp, (scaled.args[0], inner, factor)

    def _toward(self, call: Call, base: Value, inner: Value, factor: Scalar) -> None:
        """x + a(y - x) as one walk from x to y."""
        way = self.made.get(inner)
        if way is None or way.function is not torch.add or self.uses[inner] != 1:
            return
        if way.args[1] is base and way.options == {"alpha": -1.0}:
            call.function, call.args = torch.lerp, (base, way.args[0], factor)


def _is(one: Any) -> bool:
    return isinstance(one, Value)


def _is_vector(one: Any) -> bool:
    return isinstance(one, Value) and one.is_vector
