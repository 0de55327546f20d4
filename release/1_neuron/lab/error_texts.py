"""What Python's and numpy's commonest errors mean, with places for what stands on the line. None holds a solution."""

from __future__ import annotations

from dataclasses import dataclass

OPERATORS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "Pow": "**",
    "MatMult": "@",
    "Gt": ">",
    "GtE": ">=",
    "Lt": "<",
    "LtE": "<=",
}

_THINGS = {
    "float": "a single number",
    "int": "a single number",
    "numpy.float64": "a single number",
    "float64": "a single number",
    "bool": "True or False",
    "list": "a list",
    "tuple": "a tuple",
    "str": "a text",
    "numpy.ndarray": "an array",
    "ndarray": "an array",
    "NoneType": "None",
    "function": "a function",
    "method": "a function",
    "builtin_function_or_method": "a function",
    "numpy._ArrayFunctionDispatcher": "a function",
    "numpy.ufunc": "a function",
    "dict": "a dictionary",
    "range": "a range",
    "zip": "a zip",
}


def kind_of_thing(name: str) -> str:
    """The name of a type in words."""
    return _THINGS.get(name, f"of type {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to say of one error.

    Attributes:
        kinds: Types of the exception.
        pattern: Found in its text; named groups fill places of the same names.
        finder: Fills more places from the cell, or says that this text does not fit; empty if none is needed.
        meaning: What it means at this line.
        question: One that leads on.
    """

    kinds: tuple[str, ...]
    pattern: str
    finder: str
    meaning: str
    question: str


def _rule(kinds: str, pattern: str, finder: str, meaning: str, question: str) -> Rule:
    return Rule(kinds=tuple(kinds.split()), pattern=pattern, finder=finder, meaning=meaning, question=question)


_UNDEFINED = r"name '(?P<name>\w+)' is not defined"
_NO_ATTRIBUTE = r"object has no attribute '(?P<name>\w+)'"
_COUNT = r"(?P<called>[\w.]+)\(\) takes (?P<places>[\w ]+?) (?:positional )?arguments?(?: but|) \(?(?P<given>\d+)"
_MISSING = r"(?P<called>[\w.]+)\(\) missing \d+ required positional arguments?: (?P<names>.*)"
_TRUTH = r"truth value of an array"
_SHAPES = r"shapes (?P<one>\([\d,]*\)) (?P<two>\([\d,]*\))"
_SYNTAX = "SyntaxError IndentationError TabError"

RULES = (
    # ---- names
    _rule(
        "NameError",
        _UNDEFINED,
        "another_definition",
        "The gap asks for `{name}`; what the cell defines is called `{near}`.",
        "Which of the two names do the text above and the cells below use?",
    ),
    _rule(
        "NameError",
        _UNDEFINED,
        "set_below",
        "`{name}` gets its first value in line {at}, and line {line} needs it already.",
        "Which of the two lines has to come first?",
    ),
    _rule(
        "NameError",
        _UNDEFINED,
        "set_here",
        "Line {line} is the first that sets `{name}`, and it reads `{name}` already.",
        "What is `{name}` to be before this line?",
    ),
    _rule(
        "NameError",
        _UNDEFINED,
        "near_name",
        "There is no `{name}` here; the nearest name that exists is `{near}`.",
        "Did you mean `{near}`, or where does `{name}` get its value?",
    ),
    _rule(
        "NameError",
        _UNDEFINED,
        "of_numpy",
        "`{name}` is one of numpy's functions, and those are reached through the name under which numpy was imported.",
        "How does the first cell of the notebook import numpy, and what does that put before `{name}`?",
    ),
    _rule(
        "NameError",
        _UNDEFINED,
        "of_python",
        "There is no `{name}` here; the nearest that Python has is `{near}`.",
        "Did you mean `{near}`, or where does `{name}` get its value?",
    ),
    _rule(
        "UnboundLocalError",
        r"variable '(?P<name>\w+)'",
        "",
        "The function reads `{name}` before any line of it has set it; what it sets is a name of its own.",
        "Which line of the function gives `{name}` its first value?",
    ),
    # ---- attributes
    _rule(
        "AttributeError",
        r"module 'numpy' has no attribute '(?P<name>\w+)'",
        "near_in_numpy",
        "numpy has nothing called `{name}`; the nearest is `np.{near}`.",
        "What does `np.{near}` do, and is that what you need here?",
    ),
    _rule(
        "AttributeError",
        r"module 'numpy' has no attribute '(?P<name>\w+)'",
        "",
        "numpy has no function called `{name}`.",
        "Does `{name}` belong to numpy itself, or behind the name of an array?",
    ),
    _rule(
        "AttributeError",
        rf"'NoneType' {_NO_ATTRIBUTE}",
        "before_dot",
        "`{thing}` is None there: usually it comes from a function that returns nothing.",
        "Which line gave `{thing}` its value, and what does that line return?",
    ),
    _rule(
        "AttributeError",
        r"'numpy.ndarray' object has no attribute '(?P<name>append|add|extend)'",
        "",
        "An array keeps the size it was made with, so it has no `.{name}`.",
        "How many entries will the result have in the end, and where does each of them go?",
    ),
    _rule(
        "AttributeError",
        rf"'numpy.ndarray' {_NO_ATTRIBUTE}",
        "near_in_array",
        "Arrays have no `.{name}`; the nearest that they have is `.{near}`.",
        "What does `.{near}` give, and is that what you need here?",
    ),
    _rule(
        "AttributeError",
        rf"'(?P<type>list|tuple|float|int|numpy.float64)' {_NO_ATTRIBUTE}",
        "of_arrays",
        "`{thing}` is {a_type} there, and only arrays have `.{name}`.",
        "Where does `{thing}` get its value, and is it to be an array there?",
    ),
    _rule(
        "AttributeError",
        rf"'(?P<type>\w+)' {_NO_ATTRIBUTE}",
        "set_too_late",
        "`self.{name}` is set in line {at}, and that line had not run by then.",
        "Which method sets `{name}`, and which one needs it?",
    ),
    _rule(
        "AttributeError",
        rf"'(?P<type>\w+)' {_NO_ATTRIBUTE}",
        "other_attributes",
        "`{name}` is asked of the object, and no line of the class sets `self.{name}`. What it sets: {sets}.",
        "Which line of the class is to set `{name}`, or by which name does it do so now?",
    ),
    # ---- calls
    _rule(
        "TypeError",
        _COUNT,
        "without_self",
        "A method gets the object itself as its first value, and `{name}` (line {at}) has no place for it.",
        "What is the first name in the brackets of every method of a class?",
    ),
    _rule(
        "TypeError",
        _COUNT,
        "as_used",
        "The gap calls `{call}`, and the cell defines `{own}`: more values come than it has names for.",
        "Which names are to stand in the brackets after `def {name}`?",
    ),
    _rule(
        "TypeError",
        _MISSING,
        "as_used",
        "The gap calls `{call}`, and the cell defines `{own}`: {names} gets no value.",
        "Which names are to stand in the brackets after `def {name}`?",
    ),
    _rule(
        "TypeError",
        r"sum\(\) takes at most 2 arguments",
        "",
        "Python's `sum` adds up the entries of one list; the numbers here are given to it one by one.",
        "What do square brackets make of several numbers?",
    ),
    _rule(
        "TypeError",
        _COUNT,
        "",
        "`{called}` takes {places} values, and this call gives it {given}.",
        "Which values does `{called}` need, and which stand in the brackets?",
    ),
    _rule(
        "TypeError",
        _MISSING,
        "",
        "This call of `{called}` leaves out {names}.",
        "Which values does `{called}` need, and in which order?",
    ),
    _rule(
        "TypeError",
        r"unexpected keyword argument '(?P<name>\w+)'",
        "near_keyword",
        "The function has no argument called `{name}`; the nearest that numpy's functions have is `{near}`.",
        "Did you mean `{near}`?",
    ),
    _rule(
        "TypeError",
        r"(?P<called>[\w.]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'",
        "",
        "`{called}` has no argument called `{name}`.",
        "Which names stand in the brackets where `{called}` is defined?",
    ),
    _rule(
        "TypeError",
        r"object is not callable",
        "builtin_overwritten",
        "`{name}` is a function of Python's, but {where} has given this name to a value, and hides it.",
        "By which other name could that value go?",
    ),
    _rule(
        "TypeError",
        r"'(?P<type>[\w.]+)' object is not callable",
        "called",
        "`{thing}` is {a_type}, and round brackets behind it ask Python to call it like a function.",
        "Is a sign such as `*` missing before the bracket, or do square brackets belong there?",
    ),
    _rule(
        "TypeError",
        r"'(?P<type>[\w.]+)' object is not callable",
        "",
        "Something that is {a_type} stands before round brackets, and is called like a function.",
        "Before which bracket of the line does no function stand?",
    ),
    # ---- entries
    _rule(
        "TypeError",
        r"'(?:builtin_function_or_method|method|function|numpy[.]ufunc)' object is not subscriptable",
        "function_indexed",
        "`{thing}` is a function: it is called with round brackets, and the line has square ones.",
        "Which brackets call a function, and which pick an entry?",
    ),
    _rule(
        "TypeError",
        r"'NoneType' object is not subscriptable",
        "",
        "The value before the square brackets is None: usually it comes from a function that returns nothing.",
        "Which line gave it its value, and what does that line return?",
    ),
    _rule(
        "TypeError",
        r"'(?P<type>[\w.]+)' object is not subscriptable",
        "indexed",
        "`{thing}` is {a_type} there, and has no entries to pick from.",
        "Which value on this line holds several numbers?",
    ),
    _rule(
        "TypeError",
        r"'(?P<type>[\w.]+)' object is not iterable",
        "builtin_of_one",
        "`{function}` goes through the entries of `{thing}`, and that is {a_type}.",
        "Which values are `{function}` to see, and how are several of them handed over?",
    ),
    _rule(
        "TypeError",
        r"'(?P<type>[\w.]+)' object is not iterable",
        "looped_over",
        "The loop goes through the entries of `{thing}`, and something in it is {a_type}.",
        "Which of the values holds several numbers, and how many rounds should there be?",
    ),
    _rule(
        "TypeError",
        r"list indices must be integers or slices, not tuple",
        "",
        "A list takes one index; two with a comma between them are for arrays.",
        "What does a list of lists give for its first index, and what can then be picked from that?",
    ),
    _rule(
        "TypeError IndexError",
        r"indices must be integers|only integers, slices",
        "",
        "An index is a whole number, and what stands in these square brackets is not.",
        "What does the name in the brackets hold: a place, or the number at that place?",
    ),
    _rule(
        "TypeError",
        r"only integer scalar arrays can be converted to a scalar index",
        "",
        "A single whole number is needed there, and an array stands in its place.",
        "Is it the array that is wanted there, or how many entries it has?",
    ),
    _rule(
        "IndexError",
        r"list index out of range",
        "entry_asked",
        "`{entry}` asks for an entry that is not there: `{thing}` {entries}, and counting starts at 0.",
        "What is the index of the last entry?",
    ),
    _rule(
        "IndexError",
        r"index (?P<at>-?\d+) is out of bounds for axis (?P<axis>\d+) with size (?P<size>\d+)",
        "",
        "The line asks for index {at} along axis {axis}, where there are {size} entries; counting starts at 0.",
        "What runs along that axis, and how many of them does the loop or the index count?",
    ),
    _rule(
        "IndexError",
        r"too many indices for array: array is (?P<have>\d+)-dimensional, but (?P<given>\d+) were indexed",
        "indexed",
        "`{thing}` has {have} dimension(s), and {given} indices are given to it.",
        "What is the shape of `{thing}`?",
    ),
    _rule(
        "IndexError",
        r"boolean index did not match .*axis is (?P<one>\d+).* axis is (?P<two>\d+)",
        "",
        "A mask picks from an array of its own shape: here the array has {one} entries along an axis, the mask {two}.",
        "From which array was the mask made?",
    ),
    # ---- operators
    _rule(
        "TypeError",
        r"can't multiply sequence by non-int of type '(?P<other>[\w.]+)'",
        "",
        "A list times something does not multiply its entries, and one side of a `*` on this line is a list.",
        "What would have to be done with each entry, and does a list do that by itself?",
    ),
    _rule(
        "TypeError",
        r"can only concatenate (?P<type>list|tuple|str) \(not \"(?P<other>[\w.]+)\"\)",
        "",
        "`+` joins {a_type} to another one, and what stands on its right is {a_other}.",
        "Are entries to be added, or is something to be put behind them?",
    ),
    _rule(
        "TypeError",
        r"unsupported operand type\(s\) for .*'NoneType'",
        "",
        "One side of the operator is None: usually it comes from a function that returns nothing.",
        "Which value on this line comes from a function, and what does that function return?",
    ),
    _rule(
        "TypeError",
        r"(?:unsupported operand type\(s\) for (?P<sign>[^:]+): '(?P<type>[\w.]+)' and '(?P<other>[\w.]+)')",
        "operands",
        "`{left}` is {a_type} and `{right}` is {a_other}; `{sign}` does not work between the two.",
        "What should each side of the `{sign}` be?",
    ),
    _rule(
        "TypeError",
        r"unsupported operand type\(s\) for (?P<sign>[^:]+): '(?P<type>[\w.]+)' and '(?P<other>[\w.]+)'",
        "",
        "`{sign}` stands between {a_type} and {a_other}, and does not work there.",
        "What should each side of the `{sign}` be?",
    ),
    _rule(
        "TypeError",
        r"'(?P<sign>[<>]=?)' not supported between instances of '(?P<type>[\w.]+)' and '(?P<other>[\w.]+)'",
        "operands",
        "`{left}` is {a_type} and `{right}` is {a_other}, and `{sign}` cannot compare the two.",
        "Which single numbers are to be compared?",
    ),
    _rule(
        "TypeError",
        r"bad operand type for (?:unary )?(?P<sign>[-+~]|abs\(\)): '(?P<type>[\w.]+)'",
        "",
        "`{sign}` stands before {a_type}, which has no sign of its own.",
        "What would have to be done with each entry?",
    ),
    _rule(
        "TypeError",
        r"numpy boolean (?:negative|subtract)",
        "",
        "An array of True and False has no minus in numpy.",
        "What does numpy make of the mask when it is multiplied by a number?",
    ),
    _rule(
        "TypeError",
        r"only (?:0-dimensional|length-1|size-1) arrays can be converted",
        "",
        "A single number is needed there, and a whole array comes.",
        "Is it one entry that is wanted, or does numpy have a function that takes the whole array?",
    ),
    _rule(
        "TypeError",
        r"Cannot interpret '(?P<size>[^']*)' as a data type",
        "",
        "The second value was read as a type of number: a shape is one value, with brackets of its own.",
        "How many values stand between the outer brackets of the call?",
    ),
    _rule(
        "TypeError",
        r"'(?P<type>[\w.]+)' object cannot be interpreted as an integer",
        "",
        "A whole number is needed there, and what comes is {a_type}.",
        "What is to be counted there, and how is the number of its entries found?",
    ),
    _rule(
        "TypeError",
        r"object of type '(?P<type>[\w.]+)' has no len\(\)",
        "",
        "`len` counts entries, and what it is given is {a_type}.",
        "Which value holds the numbers that are to be counted?",
    ),
    _rule(
        "TypeError",
        r"cannot unpack non-iterable NoneType object",
        "",
        "Several names are to get a value each, and None comes: usually from a function that ends without `return`.",
        "Which line of the function hands its results back?",
    ),
    _rule(
        "TypeError",
        r"cannot unpack non-iterable (?P<type>[\w.]+) object",
        "",
        "Several names are to get a value each, and what comes is one value only, {a_type}.",
        "How many values stand on the right of the `=`, or behind `return`?",
    ),
    # ---- arrays
    _rule(
        "UFuncTypeError _UFuncOutputCastingError",
        r"Cannot cast ufunc '(?P<name>\w+)' output from dtype\('float64'\) to dtype\('int",
        "stored",
        "`{thing}` is an array of whole numbers, and this line is to store numbers with decimals in it.",
        "From which array did `{thing}` take its type of number, and does it hold whole numbers there?",
    ),
    _rule(
        "UFuncTypeError _UFuncOutputCastingError",
        r"Cannot cast ufunc",
        "",
        "The array that is to take the result holds another type of number than the result has.",
        "From which array did it take its type of number?",
    ),
    _rule(
        "ValueError",
        _TRUTH,
        "compared_arrays",
        "`{call}`: Python's `{function}` asks which of its values is larger or smaller as a whole, and an array has "
        "no answer to that. Entry by entry, numpy compares with `{numpys}`.",
        "Which two things are to be compared at each entry?",
    ),
    _rule(
        "ValueError",
        _TRUTH,
        "joined_arrays",
        "`{word}` asks for one yes or no, and `{test}` has an array in it, with an answer at each entry.",
        "What is to be decided for each entry by itself?",
    ),
    _rule(
        "ValueError",
        _TRUTH,
        "tested_array",
        "`if` asks for one yes or no, and `{test}` is an array with an answer at each entry.",
        "What is each entry to become, and which function of numpy chooses entry by entry?",
    ),
    _rule(
        "ValueError",
        r"shapes (?P<one>\([\d,]*\)) and (?P<two>\([\d,]*\)) not aligned: (?P<have>\d+) \(dim \d\) != (?P<need>\d+)",
        "dotted",
        "`{left}` has shape {one} and `{right}` {two}: a product goes along rows of the first and columns of the "
        "second, which have {have} and {need} entries.",
        "Which of the two sizes is to vanish in the product, and where does it stand in each shape?",
    ),
    _rule(
        "ValueError",
        r"shapes (?P<one>\([\d,]*\)) and (?P<two>\([\d,]*\)) not aligned: (?P<have>\d+) \(dim \d\) != (?P<need>\d+)",
        "shapes",
        "The first array of the product has shape {one} and the second {two}: rows of the first have {have} entries, "
        "columns of the second {need}.",
        "Which of the two sizes is to vanish in the product, and where does it stand in each shape?",
    ),
    _rule(
        "ValueError",
        r"matmul: .* mismatch .*size (?P<have>\d+) is different from (?P<need>\d+)",
        "multiplied",
        "In `{left} @ {right}`, rows of the first have {need} entries and columns of the second {have}.",
        "Which size is to vanish in the product, and where does it stand in each shape?",
    ),
    _rule(
        "ValueError",
        r"matmul: .* mismatch .*size (?P<have>\d+) is different from (?P<need>\d+)",
        "",
        "Rows of the product's first array have {need} entries, columns of its second one {have}.",
        "Which size is to vanish in the product, and where does it stand in each shape?",
    ),
    _rule(
        "ValueError",
        r"matmul: Input operand (?P<at>\d) does not have enough dimensions",
        "multiplied",
        "`{left} @ {right}` is a product of arrays, and one of the two is a single number.",
        "Which sign multiplies an array by a number?",
    ),
    _rule(
        "ValueError",
        rf"broadcast together with {_SHAPES}",
        "broadcast",
        "`{left}` has shape {one} and `{right}` {two}, and entry by entry these do not fit.",
        "What do the rows and columns of each stand for, and which shape is the result to have?",
    ),
    _rule(
        "ValueError",
        rf"broadcast together with {_SHAPES}",
        "shapes",
        "Entry by entry, shape {one} and shape {two} do not fit together.",
        "Which arrays stand on that line, and what do the rows and columns of each stand for?",
    ),
    _rule(
        "ValueError",
        r"could not broadcast input array from shape (?P<one>\([\d,]*\)) into shape (?P<two>\([\d,]*\))",
        "shapes",
        "The place on the left of the `=` has shape {two}, and what comes has shape {one}.",
        "What is to stand in that place, and what shape does it have?",
    ),
    _rule(
        "ValueError",
        r"cannot reshape array of size (?P<size>\d+) into shape (?P<one>\(?[\d,]+\)?)",
        "shapes",
        "The array has {size} entries, and shape {one} has room for another number of them.",
        "Which shape does the array have now, and should its rows and columns keep their entries?",
    ),
    _rule(
        "ValueError",
        r"too many values to unpack \(expected (?P<need>\d+)",
        "unpacked",
        "{names} names stand on the left of the `=`, and `{thing}` has more values than that.",
        "What does `{thing}` hold, and how many values is that?",
    ),
    _rule(
        "ValueError",
        r"too many values to unpack \(expected (?P<need>\d+)",
        "",
        "{need} names are to get a value each, and more values come.",
        "What does each round, or the right side of the `=`, hand over?",
    ),
    _rule(
        "ValueError",
        r"not enough values to unpack \(expected (?P<need>\d+), got (?P<have>\d+)",
        "",
        "{need} names are to get a value each, and {have} come.",
        "What stands on the right of the `=`, or behind `return`, and how many values is that?",
    ),
    _rule(
        "ValueError",
        r"inhomogeneous",
        "",
        "An array needs rows of equal length, and these are not.",
        "How many entries does each row have?",
    ),
    _rule(
        "ValueError",
        r"setting an array element with a sequence",
        "",
        "One entry of an array holds one number, and several come.",
        "Is it one entry that is set there, or a whole row?",
    ),
    _rule(
        "ValueError",
        r"either both or neither of x and y",
        "",
        "`np.where` takes the condition alone, or the condition and two values; here the second value is missing.",
        "What is an entry to become where the condition does not hold?",
    ),
    _rule(
        "AxisError",
        r"axis (?P<axis>-?\d+) is out of bounds for array of dimension (?P<have>\d+)",
        "",
        "The array has {have} dimension(s), and there is no axis {axis}: they are counted from 0.",
        "What is the shape of the array before it is summed?",
    ),
    # ---- what Python cannot read
    _rule(
        _SYNTAX,
        r"'(?P<sign>[(\[{])' was never closed",
        "",
        "The `{sign}` that opens in line {line} is never closed: `{code}`.",
        "Which bracket closes it, and where does the expression end?",
    ),
    _rule(
        _SYNTAX,
        r"unmatched '(?P<sign>[)\]}])'",
        "",
        "Line {line} has a `{sign}` too many, or the bracket that it closes is missing: `{code}`.",
        "Which bracket opens before each one that closes?",
    ),
    _rule(
        _SYNTAX,
        r"closing parenthesis '(?P<sign>.)' does not match opening parenthesis '(?P<open>.)'",
        "",
        "In line {line} a `{sign}` closes what a `{open}` has opened: `{code}`.",
        "Which kind of bracket does each of them have to be?",
    ),
    _rule(
        _SYNTAX,
        r"expected ':'|invalid syntax",
        "else_if",
        "Python writes `else if` as one word, `elif`.",
        "Is a second condition needed there at all?",
    ),
    _rule(
        _SYNTAX,
        r"expected ':'",
        "",
        "A line that begins with `if`, `else`, `for`, `while`, `def` or `class` ends in a colon; line {line} does not.",
        "Where does the head of that line end?",
    ),
    _rule(
        _SYNTAX,
        r"expected 'else' after 'if' expression",
        "",
        "`value if condition` within a line needs an `else` as well.",
        "What is the value to be where the condition does not hold?",
    ),
    _rule(
        _SYNTAX,
        r"Maybe you meant '==' or ':=' instead of '='",
        "",
        "One `=` gives a value to a name, and here two values are compared.",
        "Which sign asks whether two values are equal?",
    ),
    _rule(
        _SYNTAX,
        r"cannot assign to (?P<what>[\w ]+?)(?: here| \(|$|\.)",
        "",
        "What stands on the left of the `=` in line {line} is no name that could take a value: `{code}`.",
        "What is to get a value there, and does it stand on the left?",
    ),
    _rule(
        _SYNTAX,
        r"Perhaps you forgot a comma",
        "",
        "Between two values in line {line} stands no sign: `{code}`.",
        "Does a comma belong there, or an operator?",
    ),
    _rule(
        _SYNTAX,
        r"invalid character '(?P<sign>.)'",
        "",
        "`{sign}` is no sign of Python's; such signs come with text that is copied.",
        "Which key gives the sign that Python knows?",
    ),
    _rule(
        _SYNTAX,
        r"unterminated (?:triple-quoted )?string literal",
        "",
        "The text that begins in line {line} has no closing quote: `{code}`.",
        "Which quote opens it?",
    ),
    _rule(
        _SYNTAX,
        r"invalid decimal literal",
        "",
        "In line {line} letters follow a number without a sign between them: `{code}`.",
        "Is a `*` missing, or does a name begin with a digit?",
    ),
    _rule(
        _SYNTAX,
        r"'return' outside function",
        "",
        "`return` stands outside of a function: a cell hands nothing back, it sets names.",
        "Which name does the gap ask for, or to which function does the line belong?",
    ),
    _rule(
        _SYNTAX,
        r"expected an indented block after (?P<head>.+?) on line (?P<at>\d+)",
        "",
        "What belongs to the {head} in line {at} has to be indented, and line {line} is not.",
        "Which lines are to run only there?",
    ),
    _rule(
        _SYNTAX,
        r"unindent does not match",
        "",
        "Line {line} begins in a column in which no block above it begins.",
        "To which of the lines above does it belong?",
    ),
    _rule(
        _SYNTAX,
        r"unexpected indent",
        "",
        "Line {line} is indented, and no line above it opens a block: `{code}`.",
        "To which line does it belong?",
    ),
    _rule(
        _SYNTAX,
        r"inconsistent use of tabs and spaces",
        "",
        "Some of the lines up to line {line} are indented with tabs and some with spaces.",
        "Which of the two do the other lines have?",
    ),
    _rule(
        _SYNTAX,
        r"invalid syntax",
        "keyword_as_name",
        "`{name}` is a word of Python's own, so nothing else can be called that.",
        "Which other name says the same?",
    ),
    _rule(
        _SYNTAX,
        r"invalid syntax",
        "",
        "Python could not read line {line}: `{code}`.",
        "Which sign is missing or too many there, or at the end of the line before it?",
    ),
)
"""In the order in which they are tried: of two for the same error, the one that can say more comes first."""
