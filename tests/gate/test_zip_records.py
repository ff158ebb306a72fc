"""The extras of a zip's headers are read as PyPI reads them: after APPNOTE 4.5.3 and 4.6.9, and warehouse 6b621571."""

import struct

import pytest

from meltano_release.zip_records import MALFORMED, RecordError, read_extras

ZIP_64, UNICODE_PATH, OTHER = 0x0001, 0x7075, 0x5455
UNKNOWN = 0xFFFFFFFF
DEFLATED, STORED = 8, 0


def extra(identifier: int, content: bytes) -> bytes:
    """Return one extra of a header."""
    return struct.pack("<HH", identifier, len(content)) + content


def sizes(*values: int) -> bytes:
    """Return sizes as a large zip has them."""
    return struct.pack(f"<{len(values)}Q", *values)


@pytest.mark.parametrize(
    ("extras", "method", "compressed", "uncompressed", "expected"),
    [
        (b"", DEFLATED, 3, 5, (3, 5)),
        (extra(OTHER, b"any"), DEFLATED, 3, 5, (3, 5)),
        (extra(ZIP_64, b""), DEFLATED, 3, 5, (3, 5)),
        (extra(ZIP_64, sizes(9, 7)), DEFLATED, UNKNOWN, UNKNOWN, (7, 9)),
        (extra(ZIP_64, sizes(9)), STORED, UNKNOWN, UNKNOWN, (9, 9)),
        (extra(UNICODE_PATH, bytes(5) + "ü".encode()), DEFLATED, 3, 5, (3, 5)),
    ],
)
def test_the_sizes_of_a_member_are_those_of_its_extras(
    extras: bytes, method: int, compressed: int, uncompressed: int, expected: tuple[int, int]
) -> None:
    """A large zip has the sizes of a member in an extra; others change nothing."""
    assert read_extras(extras, method, compressed, uncompressed) == expected


@pytest.mark.parametrize(
    ("extras", "method", "message"),
    [
        (b"\x01", DEFLATED, MALFORMED),
        (struct.pack("<HH", OTHER, 9) + b"short", DEFLATED, MALFORMED),
        (extra(ZIP_64, sizes(1, 1)) * 2, DEFLATED, MALFORMED),
        (extra(ZIP_64, b"odd"), DEFLATED, MALFORMED),
        (extra(ZIP_64, b""), DEFLATED, MALFORMED),
        (extra(ZIP_64, sizes(9)), DEFLATED, MALFORMED),
        (extra(UNICODE_PATH, bytes(5) + b"a\nb"), DEFLATED, "control character"),
        (extra(UNICODE_PATH, bytes(5) + b"\xff"), DEFLATED, "not UTF-8"),
    ],
)
def test_an_extra_that_is_not_well_formed_is_refused(extras: bytes, method: int, message: str) -> None:
    """An extra that is cut off, comes twice, or has other sizes or a bad name is refused."""
    with pytest.raises(RecordError, match=message):
        read_extras(extras, method, UNKNOWN, UNKNOWN)
