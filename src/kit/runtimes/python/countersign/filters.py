def lower_ascii(text):
    return text.lower()


def upper_ascii(text):
    return text.upper()


def trim_ascii(text):
    return text.strip(b"\t\n\v\f\r ")


def collapse_ascii(text):
    return re.sub(rb"[\t\n\v\f\r ]+", b" ", text)


def up_to(text, end):
    return text.split(end)[0]


def truncate_text(text, length):
    return text.decode()[:length].encode()


def truncate_bytes(value, length):
    return value[:length]


def split_path(text):
    return [[segment] for segment in text.split(b"/")]


def split_query(text):
    return [pair.split(b"=", 1) for pair in text.split(b"&")]


def join_path(pieces):
    return b"/".join(b"=".join(piece) for piece in pieces)


def join_query(pieces):
    return b"&".join(b"=".join(piece) for piece in pieces)


def each_piece(pieces, change):
    return [[change(one) for one in piece] for piece in pieces]


def sort_by_value(pieces):
    return sorted(pieces, key=lambda piece: (piece[0], piece[1] if len(piece) > 1 else b""))


def sort_by_name(pieces):
    return sorted(pieces, key=lambda piece: piece[0])


def sort_by_text(pieces):
    return sorted(pieces, key=b"=".join)


def percent_decode(text):
    require(not re.search(rb"%(?![0-9A-Fa-f]{2})", text), "A value contains a % that begins no escape.")
    decoded = re.sub(rb"%(..)", lambda found: bytes([int(found[1], 16)]), text)
    require(not re.search(rb"[\x00-\x1f\x7f]", decoded.decode().encode()), "A value contains a control character.")
    return decoded


def rfc3986(text):
    return re.sub(rb"[^A-Za-z0-9._~-]", lambda found: b"%%%02X" % found[0][0], text)


def form_encode(text):
    return rfc3986(text).replace(b"%20", b"+").replace(b"%2A", b"*").replace(b"~", b"%7E")


def from_after(text, start):
    return text.partition(start)[2]


def merge_values(pieces, separator):
    merged = {}
    for name, *values in pieces:
        merged.setdefault(name, []).extend(values)
    return [[name, separator.join(values)] if values else [name] for name, values in merged.items()]


def join_pairs(pieces, separator):
    return separator.join(b"=".join(piece) for piece in pieces)
