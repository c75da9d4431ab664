MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


def seconds_of(time):
    return str(int(float(time))).encode()


def milliseconds_of(time):
    return str(int(float(time) * 1000)).encode()


def calendar(time, part):
    milliseconds = int(round(float(time) * 1000))
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    month = MONTHS[at.month - 1]
    numbers = {"YYYY": f"{at.year:04}", "MM": f"{at.month:02}", "DD": f"{at.day:02}", "HH": f"{at.hour:02}"}
    smaller = {"mm": f"{at.minute:02}", "ss": f"{at.second:02}"}
    names = {"MMM": month, "mmm": month.lower(), "ddd": WEEKDAYS[at.weekday()]}
    fraction = f"{at.microsecond // 1000:03}"
    return {**numbers, **smaller, **names, "SSS": fraction, "fraction": fraction}[part].encode()


def date_of(time, between):
    return between.join(calendar(time, part) for part in ("YYYY", "MM", "DD"))


def fitting(nonce, form):
    require(re.fullmatch(form, nonce), "The nonce cannot be written in the form of the scheme.")
    return nonce.encode()


def uuid_of(nonce):
    found = re.fullmatch("([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})", nonce)
    if not found:
        return nonce
    a, b, c, variant, d, e = found.groups()
    return "-".join([a, b, "4" + c, "89ab"[int(variant, 16) & 3] + d, e])


def digits_of(nonce):
    is_hex = re.fullmatch("[0-9a-f]{32}", nonce) and not re.fullmatch("[0-9]+", nonce)
    return str(int(nonce, 16))[::-1] if is_hex else nonce
