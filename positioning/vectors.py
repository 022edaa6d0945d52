"""WIDTH numbers side by side in one register of the machine, for compiled code.

A body written with these functions and + - * / < <= > >= == != & | takes one number (width 1, a plain float) or WIDTH
of them (a vector, in whose every place the same is done), and a number has the same bits either way: nothing is
reordered, and nothing contracted but what is written `fused`. A condition on a vector is a vector of truths, so values
are chosen by `where` and not by if.
LLVM makes of a vector what the machine has: one register of AVX-512, two of AVX, four of SSE or NEON.

Left to itself LLVM turns loops over accounts into vectors too, but keeps every sum in memory between two names and
uses half a register where it could use all of it, which made a search three times slower.

With NUMBA_DISABLE_JIT=1 a vector is an array.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model
from numba.np.arrayobj import load_item

from positioning.arrays import FloatArray
from positioning.compiled import compiled

# Doubles of a register, and registers of a vector: more of them spill, fewer leave time unused.
REGISTER, PARTS = 8, 2
WIDTH = REGISTER * PARTS


class VectorType(types.Type):
    """WIDTH numbers of double precision."""

    def __init__(self) -> None:
        super().__init__(name=f"Vector{WIDTH}")


class TruthsType(types.Type):
    """WIDTH truths, one for each number."""

    def __init__(self) -> None:
        super().__init__(name=f"Truths{WIDTH}")


VECTOR, TRUTHS, NUMBER, TRUTH = VectorType(), TruthsType(), types.float64, types.boolean
_DOUBLES, _BITS = ir.VectorType(ir.DoubleType(), REGISTER), ir.VectorType(ir.IntType(1), REGISTER)
_Emit = Callable[..., Any]  # (builder, LLVM values) to the LLVM value of the result


@register_model(VectorType)
class _VectorModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.ArrayType(_DOUBLES, PARTS))


@register_model(TruthsType)
class _TruthsModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.ArrayType(_BITS, PARTS))


def _parts(builder: Any, kind: Any, value: Any) -> list[Any]:
    """The registers of a vector or of its truths; of one number PARTS registers full of it, of one truth itself."""
    if kind in (VECTOR, TRUTHS):
        return [builder.extract_value(value, part) for part in range(PARTS)]
    if kind == TRUTH:
        return [value] * PARTS
    blank, first = ir.Constant(_DOUBLES, ir.Undefined), ir.Constant(ir.IntType(32), 0)
    one = builder.insert_element(blank, value, first)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), REGISTER), [0] * REGISTER)
    return [builder.shuffle_vector(one, blank, everywhere)] * PARTS


def _joined(builder: Any, parts: Sequence[Any]) -> Any:
    """The vector of these registers."""
    vector = ir.Constant(ir.ArrayType(parts[0].type, PARTS), ir.Undefined)
    for part, value in enumerate(parts):
        vector = builder.insert_value(vector, value, part)
    return vector


def _by_part(builder: Any, kinds: Sequence[Any], values: Sequence[Any], emit: _Emit) -> Any:
    """An instruction on each register in turn."""
    operands = [_parts(builder, kind, value) for kind, value in zip(kinds, values, strict=True)]
    return _joined(builder, [emit(builder, *own) for own in zip(*operands, strict=True)])


def _operator(function: Any, result: Any, operand_types: Sequence[tuple[Any, ...]], emit: _Emit) -> None:
    """Teach numba an operator: its result on operands of these types, and the instruction."""

    class Template(ConcreteTemplate):
        cases = tuple(signature(result, *operands) for operands in operand_types)

    infer_global(function)(Template)

    def lower(_context: Any, builder: Any, sig: Any, values: Sequence[Any]) -> Any:
        return _by_part(builder, sig.args, values, emit)

    for operands in operand_types:
        lower_builtin(function, *operands)(lower)


def _teach() -> None:
    pairs = ((VECTOR, VECTOR), (VECTOR, NUMBER), (NUMBER, VECTOR))
    arithmetic = {
        "fadd": (operator.add, operator.iadd), "fsub": (operator.sub, operator.isub),
        "fmul": (operator.mul, operator.imul), "fdiv": (operator.truediv, operator.itruediv),
    }  # fmt: skip
    for name, functions in arithmetic.items():
        for function in functions:
            _operator(function, VECTOR, pairs, lambda b, x, y, name=name: getattr(b, name)(x, y))
    _operator(operator.neg, VECTOR, ((VECTOR,),), lambda b, x: b.fneg(x))
    ordered = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
    for sign, function in ordered.items():
        _operator(function, TRUTHS, pairs, lambda b, x, y, sign=sign: b.fcmp_ordered(sign, x, y))
    _operator(operator.ne, TRUTHS, pairs, lambda b, x, y: b.fcmp_unordered("!=", x, y))
    _operator(operator.and_, TRUTHS, ((TRUTHS, TRUTHS),), lambda b, x, y: b.and_(x, y))
    _operator(operator.or_, TRUTHS, ((TRUTHS, TRUTHS),), lambda b, x, y: b.or_(x, y))


_teach()


def _place(context: Any, builder: Any, sig: Any, values: Sequence[Any]) -> Any:
    """Where in its array (argument 0) the element with this index (argument 1) lies."""
    array = context.make_array(sig.args[0])(context, builder, values[0])
    index = cgutils.unpack_tuple(builder, values[1])
    return cgutils.get_item_pointer(context, builder, sig.args[0], array, index, wraparound=False)


def _places(builder: Any, place: Any) -> list[Any]:
    """Where the registers of a vector from there on lie."""
    first = builder.bitcast(place, _DOUBLES.as_pointer())
    return [builder.gep(first, [ir.Constant(ir.IntType(64), part)]) for part in range(PARTS)]


@intrinsic
def _item(_typing: Any, array: Any, index: Any) -> Any:
    def emit(context: Any, builder: Any, sig: Any, values: Sequence[Any]) -> Any:
        return load_item(context, builder, array, _place(context, builder, sig, values))

    return signature(array.dtype, array, index), emit


@intrinsic(prefer_literal=True)
def _load(_typing: Any, array: Any, index: Any, width: Any) -> Any:
    wide = width.literal_value > 1

    def emit(context: Any, builder: Any, sig: Any, values: Sequence[Any]) -> Any:
        place = _place(context, builder, sig, values)
        if not wide:
            return builder.load(place)
        return _joined(builder, [builder.load(part, align=8) for part in _places(builder, place)])

    return signature(VECTOR if wide else NUMBER, array, index, width), emit


@intrinsic
def _store(_typing: Any, array: Any, index: Any, value: Any) -> Any:
    def emit(context: Any, builder: Any, sig: Any, values: Sequence[Any]) -> Any:
        place = _place(context, builder, sig, values)
        if value == VECTOR:
            for part, own in zip(_places(builder, place), _parts(builder, value, values[2]), strict=True):
                builder.store(own, part, align=8)
        else:
            builder.store(values[2], place)
        return context.get_dummy_value()

    return signature(types.void, array, index, value), emit


@intrinsic
def _prefetch(_typing: Any, array: Any, index: Any) -> Any:
    def emit(context: Any, builder: Any, sig: Any, values: Sequence[Any]) -> Any:
        whole, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        fetch = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole]), "llvm.prefetch.p0i8"
        )
        read, near, data = ir.Constant(whole, 0), ir.Constant(whole, 3), ir.Constant(whole, 1)
        for part in _places(builder, _place(context, builder, sig, values)):
            builder.call(fetch, [builder.bitcast(part, byte), read, near, data])
        return context.get_dummy_value()

    return signature(types.void, array, index), emit


@intrinsic
def _whole_lines(_typing: Any) -> Any:
    def emit(context: Any, builder: Any, _sig: Any, _values: Sequence[Any]) -> Any:
        with builder.goto_entry_block():
            place = builder.alloca(_DOUBLES)
            place.align = REGISTER * 8
        used = ir.FunctionType(ir.VoidType(), [place.type])
        builder.asm(used, "", "r,~{memory}", [place], side_effect=True)
        return context.get_dummy_value()

    return signature(types.void), emit


@intrinsic(prefer_literal=True)
def _fill(_typing: Any, _value: Any, width: Any) -> Any:
    wide = width.literal_value > 1

    def emit(_context: Any, builder: Any, _sig: Any, values: Sequence[Any]) -> Any:
        return _joined(builder, _parts(builder, NUMBER, values[0])) if wide else values[0]

    return signature(VECTOR if wide else NUMBER, NUMBER, width), emit


@intrinsic
def _where(_typing: Any, condition: Any, yes: Any, no: Any) -> Any:
    wide = condition == TRUTHS or VECTOR in (yes, no)

    def emit(_context: Any, builder: Any, sig: Any, values: Sequence[Any]) -> Any:
        if not wide:
            return builder.select(*values)
        return _by_part(builder, sig.args, values, lambda b, truths, x, y: b.select(truths, x, y))

    kinds = [k if k == VECTOR else NUMBER for k in (yes, no)]
    return signature(VECTOR if wide else NUMBER, condition, *kinds), emit


@intrinsic
def _any_of(_typing: Any, condition: Any) -> Any:
    def emit(_context: Any, builder: Any, _sig: Any, values: Sequence[Any]) -> Any:
        if condition == TRUTH:
            return values[0]
        first, *others = _parts(builder, condition, values[0])
        for other in others:
            first = builder.or_(first, other)
        bits = builder.bitcast(first, ir.IntType(REGISTER))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(REGISTER), 0))

    return signature(TRUTH, condition), emit


@intrinsic
def _negated(_typing: Any, condition: Any) -> Any:
    def emit(_context: Any, builder: Any, _sig: Any, values: Sequence[Any]) -> Any:
        if condition == TRUTH:
            return builder.not_(values[0])
        return _by_part(builder, [condition], values, lambda b, truths: b.not_(truths))

    return signature(condition, condition), emit


def _by_llvm(name: str) -> Any:
    """A function of LLVM's own, place by place."""

    @intrinsic
    def function(_typing: Any, value: Any) -> Any:
        def call(builder: Any, x: Any) -> Any:
            own = f"llvm.{name}.{f'v{REGISTER}f64' if value == VECTOR else 'f64'}"
            callee = cgutils.get_or_insert_function(builder.module, ir.FunctionType(x.type, [x.type]), own)
            return builder.call(callee, [x])

        def emit(_context: Any, builder: Any, _sig: Any, values: Sequence[Any]) -> Any:
            return _by_part(builder, [value], values, call) if value == VECTOR else call(builder, values[0])

        return signature(value, value), emit

    return function


def _fuse(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z, rounded once."""
    own = f"llvm.fma.{f'v{REGISTER}f64' if x.type == _DOUBLES else 'f64'}"
    fused = cgutils.get_or_insert_function(builder.module, ir.FunctionType(x.type, [x.type] * 3), own)
    return builder.call(fused, [x, y, z])


@intrinsic
def _fused(_typing: Any, x: Any, y: Any, z: Any) -> Any:
    kinds = (x, y, z)
    wide = VECTOR in kinds

    def emit(_context: Any, builder: Any, _sig: Any, values: Sequence[Any]) -> Any:
        return _by_part(builder, kinds, values, _fuse) if wide else _fuse(builder, *values)

    return signature(VECTOR if wide else NUMBER, *kinds), emit


@intrinsic
def _quotient(_typing: Any, over: Any, under: Any, inverse: Any) -> Any:
    kinds = (over, under, inverse)
    wide = VECTOR in kinds

    def divide(builder: Any, x: Any, y: Any, near: Any) -> Any:
        guess = builder.fmul(x, near)
        left = _fuse(builder, builder.fneg(y), guess, x)
        return _fuse(builder, left, near, guess)

    def emit(_context: Any, builder: Any, _sig: Any, values: Sequence[Any]) -> Any:
        return _by_part(builder, kinds, values, divide) if wide else divide(builder, *values)

    return signature(VECTOR if wide else NUMBER, *kinds), emit


def _array_fused(x: Any, y: Any, z: Any) -> Any:
    return x * y + z


def _array_quotient(over: Any, under: Any, inverse: Any) -> Any:
    return np.where(np.abs(under * inverse - 1.0) < 1e-9, over / under, np.nan)[
        ()
    ]  # no number for no inverse


def _array_item(array: FloatArray, index: tuple[int, ...]) -> Any:
    return array[index]


def _array_load(array: FloatArray, index: tuple[int, ...], width: int) -> Any:
    return array[index] if width == 1 else array[index[:-1]][index[-1] : index[-1] + width].copy()


def _array_store(array: FloatArray, index: tuple[int, ...], value: Any) -> None:
    array[index[:-1]][index[-1] : index[-1] + np.size(value)] = value


def _array_prefetch(array: FloatArray, index: tuple[int, ...]) -> None:
    pass


def _array_fill(value: float, width: int) -> Any:
    return np.float64(value) if width == 1 else np.full(width, value)


def _array_where(condition: Any, yes: Any, no: Any) -> Any:
    return np.where(condition, yes, no)[()]


def _array_whole_lines() -> None:
    pass


plain = config.DISABLE_JIT
# item(array, index): an element, of any kind; unlike array[index] it asks of no index whether it counts from the end.
item: Any = _array_item if plain else _item
# load(array, index, width): width numbers from there on, along the last axis; store(array, index, value): the opposite.
load: Any = _array_load if plain else _load
store: Any = _array_store if plain else _store
# prefetch(array, index): have WIDTH numbers from there on brought near, for a load that is still far off.
prefetch: Any = _array_prefetch if plain else _prefetch
# whole_lines(): what a function has no register for lies, as an array of `aligned_empty` does, where a register is stored
# and loaded at once; left alone, some of it lies across two lines of the cache, other parts in each process.
whole_lines: Any = _array_whole_lines if plain else _whole_lines
# fill(value, width): a number in every place. where(condition, yes, no): place by place.
fill: Any = _array_fill if plain else _fill
where: Any = _array_where if plain else _where
# any_of(condition): whether it holds anywhere, for if; negated(condition): where it does not hold.
any_of: Any = np.any if plain else _any_of
negated: Any = np.logical_not if plain else _negated
# root, whole, magnitude: square root, the whole number not above, and the size without its sign, place by place.
root: Any = np.sqrt if plain else _by_llvm("sqrt")
whole: Any = np.floor if plain else _by_llvm("floor")
magnitude: Any = np.abs if plain else _by_llvm("fabs")
# fused(x, y, z): x * y + z, rounded once where the code is compiled, at the price of the multiplication alone.
fused: Any = _array_fused if plain else _fused
# quotient(x, y, inverse): x / y where 1 / y is known to a few parts in 2**53, without the machine's division, which takes
# as long as sixteen multiplications: what a first quotient leaves over, which one multiplication and addition gives
# without rounding, mends it. It is the quotient that division rounds to, but for about one in 2**48 that lie between
# two numbers to that precision.
quotient: Any = _array_quotient if plain else _quotient


@compiled(forceinline=True)
def is_number(value: Any) -> Any:
    """Where it is a number."""
    return value == value  # noqa: PLR0124 - NaN alone is not itself


def aligned_empty(*shape: int) -> FloatArray:
    """An array of that shape, not filled, that begins where a register of the machine may be filled at once; one that
    lies across two lines of the cache takes twice as long."""
    size = math.prod(shape)
    whole = np.empty(size + REGISTER)
    first = -(whole.ctypes.data // whole.itemsize) % REGISTER
    return whole[first : first + size].reshape(shape)


@compiled(forceinline=True)
def aligned_zeros(rows: int, width: int) -> FloatArray:
    """(rows, width) zeros that begin where `aligned_empty` does, for compiled code."""
    whole = np.zeros(rows * width + REGISTER)
    first = -(whole.ctypes.data // whole.itemsize) % REGISTER
    return whole[first : first + rows * width].reshape((rows, width))
