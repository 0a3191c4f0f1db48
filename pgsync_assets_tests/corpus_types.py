"""Types of the databases' own, and of extensions; and values that are equal but not the same."""

from __future__ import annotations

from .corpus_values import REFUSED

# Values that only newer servers know, with the first version that does.
SINCE: dict[tuple[str, str], int] = {
    ("numeric", "Infinity"): 14,
    ("numeric", "-Infinity"): 14,
    ("interval", "2562047788:00:54.775807"): 15,
    ("interval", "-2562047788:00:54.775807"): 15,
    ("interval", "infinity"): 17,
    ("interval", "-infinity"): 17,
    ('"char"', r"\377"): 16,  # older ones read a backslash, and write a byte that is not UTF-8
    # Here the empty text stands for the type itself.
    ("numeric(3,-2)", ""): 15,
    ("numeric(3,5)", ""): 15,
    ("int2vector[]", ""): 13,
    ("oidvector[]", ""): 13,
}

# Types of the databases' own, made on both sides by MAKE.
MAKE = (
    "create extension hstore",
    "create extension citext",
    "create extension ltree",
    "create type mood as enum ('', 'it''s', 'x,y', 'ok')",
    "create type pair as (a text, b numeric, c timestamptz[])",
    "create domain positive as integer not null check (value > 0)",
    "create domain short as varchar(3)",
    "create domain grid as integer[]",
    "create type spread as range (subtype = float8)",
    "create type nested as (id int, inner_one pair, many pair[], how mood)",
    "create domain whole_pair as pair check ((value).a is distinct from 'no')",
    "create domain moods as mood[]",
)
OWN: dict[str, list[str]] = {
    "hstore": ["", "a=>NULL", '"a b"=>"NULL", "\\""=>"\\\\"'],
    "citext": ["", "A", "a", "Straße", r"\N"],
    "ltree": ["", "Top.Science"],
    "lquery": ["*{1,2}.!b|c@"],
    "ltxtquery": ["Europe & !Rus*@"],
    "mood": ["", "it's", "x,y"],
    "pair": ["(,,)", '("",NaN,"{infinity,NULL}")', '("quoted ""quote""\\\\",1.00,{})'],
    "nested": ["(,,,)", r"""(1,"(\"a \"\"b\"\"\",1.00,)","{""(x,,)"",NULL}",it's)"""],
    "whole_pair": ["(,,)", "(yes,1.0,{})"],
    "moods": ["{}", '{"",NULL,"x,y"}'],
    "short": ["", "abc"],
    "grid": ["{}", "{{1,2},{3,4}}", "[2:3]={1,2}"],
    "spread": ["empty", "[-0,NaN)", "(,)"],
    "spread_multirange": ["{}", "{[-0,0.1),[1,NaN]}"],
    "pair[]": ['{"(a,1,)",NULL}'],
    "mood[]": ['{"",it\'s,NULL}'],
    "text[]": [
        "{}",
        "{NULL}",
        '{"NULL"}',
        '{"","\\\\N"}',
        "[2:4]={a,b,c}",
        '{"{","}","\\""}',
        "{{a,b},{c,NULL}}",
    ],
    "jsonb[]": ['{"null",NULL,"{\\"a\\": [1.00]}"}'],
    "json[]": ['{"{ \\"a\\" :1}"}'],
    "bytea[]": ['{"\\\\x00","\\\\x5c"}'],
    "timestamptz[]": ["{infinity,-infinity,0044-03-15 00:00:00+00 BC}"],
    "interval[]": ["{1 mon,30 days}"],
    "citext[]": ["{A,a}"],
    "hstore[]": ['{"\\"a\\"=>NULL"}'],
    "float8[]": ["{-0,NaN,0.1}"],
    "short[]": ["{abc,NULL}"],
    "spread[]": ['{"[1,2)"}'],
}

# Types of extensions that not every server has.
EXTENSIONS: dict[str, dict[str, list[str]]] = {
    "cube": {"cube": ["()", "(1,2),(3,4)", "(0.1)"]},
    "intarray": {"query_int": ["1&(2|!3)"]},
    "seg": {"seg": ["1.0 .. 2.50", "<5", "~6.00"]},
    "vector": {
        "vector": ["[1,2,3]", "[0.1,-0,1e30]"],
        "halfvec": ["[1,0.5]"],
        "sparsevec": ["{1:1,3:2.5}/5"],
    },
}
# Types that are not in the corpus, and why.
LEFT_OUT: dict[str, tuple[str, ...]] = REFUSED | {
    "an index keeps them, and no value of them is read": ("ghstore", "ltree_gist", "intbig_gkey"),
    "NOT NULL, which a column of a table with all types cannot be (`test_user_types.py`)": (
        "positive",
    ),
}

# Values that `=` calls equal although they are not the same: a change that must not be lost.
EQUAL_BUT_DIFFERENT: dict[str, tuple[str, str]] = {
    "numeric": ("1.0", "1.00"),
    "numeric[]": ("{1.0}", "{1.00}"),
    "numeric(9,2)[]": ("{1}", "[2:2]={1}"),
    "int4[]": ("{1,2}", "[0:1]={1,2}"),
    "float4": ("0", "-0"),
    "float8": ("0", "-0"),
    "float8[]": ("{0}", "{-0}"),
    "interval": ("1 mon", "30 days"),
    "interval day to second": ("1 day", "24:00:00"),
    "jsonb": ('{"a": 1.0}', '{"a": 1.00}'),
    "jsonb[]": ("{1.0}", "{1.00}"),
    "json": ('{"a":1}', '{"a": 1}'),
    "bpchar": ("a", "a "),
    "citext": ("a", "A"),
    "citext[]": ("{a}", "{A}"),
    "box": ("(1,1),(0,0)", "(2,0.5),(0,0)"),
    "circle": ("<(0,0),1>", "<(5,5),1>"),
    "path": ("[(0,0),(1,1)]", "[(0,0),(7,7)]"),
    "line": ("{1,2,3}", "{2,4,6}"),
    "point": ("(0,0)", "(0,0.0000001)"),
    "lseg": ("[(0,0),(1,1)]", "[(0,0),(1,1.0000001)]"),
    "polygon": ("((0,0),(1,0),(0,1))", "((1,0),(0,1),(0,0))"),
    "numrange": ("[1.0,2)", "[1.00,2)"),
    "nummultirange": ("{[1.0,2)}", "{[1.00,2)}"),
    "pair": ("(a,1.0,)", "(a,1.00,)"),
    "spread": ("[0,1]", "[-0,1]"),
    "text": ("e\u0301", "é"),
    "timetz": ("12:00+00", "13:00+01"),
    "tsquery": ("a & b", "b & a"),
}
