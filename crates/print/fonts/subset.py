#!/usr/bin/env python3
"""Makes the font of the prints: Noto Sans CJK SC, with the characters that Chinese school papers use.

    apt-get install fonts-noto-cjk python3-fonttools unicode-data
    ./subset.py [NotoSansCJK-Regular.ttc]

The same font file gives the same bytes.
"""

import bz2
import pathlib
import sys

from fontTools import subset
from fontTools.ttLib import TTCollection

SOURCE = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
UNIHAN = "/usr/share/unicode/Unihan_OtherMappings.txt.bz2"
FACE = "Noto Sans CJK SC"
# Letters, punctuation, numerals, arrows, shapes and marks, first and last.
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x1CD, 0x1DC), (0x2C6, 0x2DD), (0x391, 0x3C9), (0x401, 0x451),
    (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x209C), (0x20AC, 0x20AC), (0x2103, 0x2122),
    (0x2150, 0x218B), (0x2190, 0x21FF), (0x2200, 0x22BF), (0x2460, 0x24FF), (0x2500, 0x257F),
    (0x25A0, 0x25FF), (0x2600, 0x2642), (0x2705, 0x2717), (0x3000, 0x303F), (0x3041, 0x30FF),
    (0x3105, 0x312F), (0x3220, 0x3243), (0x3280, 0x32B0), (0x338E, 0x33D5), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6),
]


def gb2312():
    """The 6,763 characters of GB/T 2312-1980, levels 1 and 2, and its 682 signs."""
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield ord(bytes([row, cell]).decode("gb2312"))
            except UnicodeDecodeError:
                pass


def standard_characters():
    """The 8,105 of 通用规范汉字表 (2013), which names are registered in: property kTGH of Unihan."""
    with bz2.open(UNIHAN, "rt", encoding="utf-8") as lines:
        for line in lines:
            if "\tkTGH\t" in line:
                yield int(line.split("\t")[0][2:], 16)


def main():
    faces = TTCollection(sys.argv[1] if len(sys.argv) > 1 else SOURCE, lazy=True).fonts
    font = next(face for face in faces if face["name"].getDebugName(4).startswith(FACE))
    font.recalcTimestamp = False
    wanted = {code for first, last in RANGES for code in range(first, last + 1)}
    wanted |= set(gb2312()) | set(standard_characters())

    options = subset.Options()
    options.layout_features = ["kern", "halt", "locl", "ccmp", "mark"]
    options.hinting = False
    options.desubroutinize = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.name_languages = [0x409]
    options.drop_tables += ["VORG", "vhea", "vmtx", "BASE", "DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    made = pathlib.Path(__file__).with_name("NotoSansSC-Regular-subset.otf")
    subset.save_font(font, str(made), options)
    absent = sum(1 for code in set(gb2312()) | set(standard_characters()) if code not in font.getBestCmap())
    print(f"{absent} characters of the two lists are not in the face")
    print(f"{made.name}: {len(font.getBestCmap())} of {len(wanted)} characters, {made.stat().st_size} bytes")


main()
