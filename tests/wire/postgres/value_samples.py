"""Random values of each type, as SQL may spell them."""

import random
import struct
from collections.abc import Callable, Mapping

Sample = Callable[[random.Random], str]

_PIECES = ["a", "B", '"', "\\", "{", "}", ",", "(", ")", " ", "\t", "\n", "é", "NULL", "ö", "😹", "x", "["]


def text(rng: random.Random) -> str:
    return "".join(rng.choice(_PIECES) for _ in range(rng.randint(0, 6)))


def whole(bits: int) -> Sample:
    return lambda rng: str(rng.choice((rng.randrange(-(2 ** (bits - 1)), 2 ** (bits - 1)), rng.randint(-9, 9))))


def numeric(rng: random.Random) -> str:
    if rng.random() < 0.05:
        return rng.choice(["NaN", "Infinity", "-Infinity", "0", "0.000"])
    spelt = rng.choice(["", "-"]) + str(rng.randrange(10 ** rng.randint(1, 40)))
    if rng.random() < 0.6:
        spelt += "." + "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 30)))
    return spelt + (f"e{rng.randint(-50, 50)}" if rng.random() < 0.2 else "")


def double(rng: random.Random) -> str:
    match rng.randrange(4):
        case 0:
            return _spelt(struct.unpack("!d", rng.randbytes(8))[0])
        case 1:
            return repr(2.0 ** rng.randint(-1070, 1023))
        case 2:
            return repr(rng.randint(-(10**6), 10**17) / 10 ** rng.randint(0, 12))
    return rng.choice(
        ["0", "-0", "NaN", "Infinity", "1e15", "1e14", "1e-4", "1e-5", "5e-324", "1.7976931348623157e308"]
    )


def single(rng: random.Random) -> str:
    match rng.randrange(4):
        case 0:
            return _spelt(struct.unpack("!f", rng.randbytes(4))[0])
        case 1:
            return repr(2.0 ** rng.randint(-149, 127))
        case 2:
            return repr(rng.randint(-(10**6), 10**9) / 10 ** rng.randint(0, 6))
    return rng.choice(["0", "-0", "NaN", "-Infinity", "1e6", "999999", "1e5", "1e-4", "1e-5", "1e-45", "3.4028235e38"])


def _spelt(number: float) -> str:
    return repr(number).replace("inf", "Infinity")


def date(rng: random.Random) -> str:
    if rng.random() < 0.05:
        return rng.choice(["infinity", "-infinity"])
    year = rng.choice([1, 44, 99, 1900, 1999, 2000, 2024, 4713, 9999, 10_000, 294_275])
    leap = rng.random() < 0.1 and year in (2000, 2024)
    day = "02-29" if leap else f"{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return f"{year:04}-{day}" + (" BC" if not leap and rng.random() < 0.2 and year < 4713 else "")


def time(rng: random.Random) -> str:
    if rng.random() < 0.03:
        return "24:00:00"
    spelt = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    return spelt + (f".{rng.randint(0, 999_999):06}" if rng.random() < 0.5 else "")


def zoned_time(rng: random.Random) -> str:
    return f"{time(rng)}{rng.choice('+-')}{rng.randint(0, 14):02}{rng.choice(['', ':30', ':30:15'])}"


def timestamp(rng: random.Random) -> str:
    day, _, era = date(rng).partition(" ")
    return day if "infinity" in day else f"{day} {time(rng)} {era}".strip()


def interval(rng: random.Random) -> str:
    parts = [
        f"{rng.randint(-most, most)} {unit}"
        for unit, most in (
            ("year", 200),
            ("mon", 30),
            ("day", 4000),
            ("hour", 100),
            ("sec", 100),
            ("microsecond", 10**6),
        )
        if rng.random() < 0.5
    ]
    return " ".join(parts) or "0"


def address(rng: random.Random) -> str:
    if rng.random() < 0.4:
        spelt, bits = ".".join(str(rng.randint(0, 255)) for _ in range(4)), 32
    else:
        words = [rng.choice([0, 0, 0, 1, 0xFFFF, rng.randint(0, 65_535)]) for _ in range(8)]
        if rng.random() < 0.3:
            words[:5] = [0] * 5
        spelt, bits = ":".join(f"{word:x}" for word in words), 128
    return spelt + (f"/{rng.randint(0, bits)}" if rng.random() < 0.4 else "")


def hexadecimal(count: int, between: str = "") -> Sample:
    return lambda rng: between.join(f"{rng.randint(0, 255):02x}" for _ in range(count))


def document(rng: random.Random) -> str:
    return f'{{"a": [1, "{rng.getrandbits(64):x}", null]}}'


def spans(bound: Callable[[random.Random], tuple[str, str]]) -> Sample:
    def sample(rng: random.Random) -> str:
        if rng.random() < 0.1:
            return "empty"
        low, high = bound(rng)
        pair = f"{rng.choice([low, ''])},{rng.choice([high, ''])}"
        return rng.choice("[(") + pair + rng.choice("])")

    return sample


def ordered(rng: random.Random) -> tuple[str, str]:
    low = rng.randint(-1000, 1000)
    return str(low), str(low + rng.randint(0, 50))


def days(rng: random.Random) -> tuple[str, str]:
    year = rng.randint(1900, 2100)
    return f"{year}-0{rng.randint(1, 9)}-{rng.randint(10, 28)}", f"{year + 1}-01-01"


def moments(rng: random.Random) -> tuple[str, str]:
    low, high = days(rng)
    return f'"{low} 10:11:12"', f'"{high} 00:00:00.5"'


def many(sample: Sample) -> Sample:
    return lambda rng: "{" + ",".join(sample(rng) for _ in range(rng.randint(0, 3))) + "}"


def place(rng: random.Random) -> str:
    return f"({double(rng)},{double(rng)})"


def words(rng: random.Random) -> str:
    spelt = [f"'{rng.choice(['ada', 'b c', 'de', 'x'])}':{rng.randint(1, 99)}{rng.choice('ABCD')}" for _ in range(3)]
    return " ".join(spelt[: rng.randint(0, 3)])


def finite(rng: random.Random) -> str:
    return str(rng.randint(-(10**6), 10**6) / 8)


SAMPLES: Mapping[str, Sample] = {
    "bool": lambda rng: rng.choice("tf"),
    "int2": whole(16),
    "int4": whole(32),
    "int8": whole(64),
    "oid": lambda rng: str(rng.randrange(2**32)),
    "float4": single,
    "float8": double,
    "numeric": numeric,
    "text": text,
    "varchar": text,
    "bpchar": text,
    "name": text,
    '"char"': lambda rng: rng.choice(["a", "", "\\200", "\\377", '"', " "]),
    "json": document,
    "jsonb": document,
    "uuid": hexadecimal(16),
    "inet": address,
    "cidr": lambda rng: address(rng).partition("/")[0],
    "macaddr": hexadecimal(6, ":"),
    "macaddr8": hexadecimal(8, ":"),
    "date": date,
    "time": time,
    "timetz": zoned_time,
    "timestamp": timestamp,
    "timestamptz": timestamp,
    "interval": interval,
    "bytea": lambda rng: "\\x" + rng.randbytes(rng.randint(0, 20)).hex(),
    "int4range": spans(ordered),
    "int8range": spans(ordered),
    "numrange": spans(ordered),
    "daterange": spans(days),
    "tsrange": spans(moments),
    "tstzrange": spans(moments),
    "int4multirange": many(spans(ordered)),
    "datemultirange": many(spans(days)),
    "tsmultirange": many(spans(moments)),
    "point": place,
    "lseg": lambda rng: f"[{place(rng)},{place(rng)}]",
    "path": lambda rng: rng.choice(["[{}]", "({})"]).format(",".join(place(rng) for _ in range(rng.randint(1, 4)))),
    "polygon": lambda rng: f"({','.join(f'({finite(rng)},{finite(rng)})' for _ in range(rng.randint(1, 4)))})",
    "circle": lambda rng: f"<({finite(rng)},{finite(rng)}),{abs(float(finite(rng)))}>",
    "line": lambda rng: f"{{{rng.randint(1, 9)},{finite(rng)},{finite(rng)}}}",
    "tid": lambda rng: f"({rng.randrange(2**32)},{rng.randrange(2**16)})",
    "pg_lsn": lambda rng: f"{rng.randrange(2**32):X}/{rng.randrange(2**32):X}",
    "xid8": lambda rng: str(rng.randrange(2**63)),
    "varbit": lambda rng: "".join(rng.choice("01") for _ in range(rng.randint(0, 20))),
}
