def sha256_of(value):
    return hashlib.sha256(value).digest()


def sha384_of(value):
    return hashlib.sha384(value).digest()


def sha512_of(value):
    return hashlib.sha512(value).digest()


def sha1_of(value):
    return hashlib.sha1(value).digest()


def md5_of(value):
    return hashlib.md5(value).digest()


def hex_of(value):
    return value.hex().encode()


def hex_upper(value):
    return value.hex().upper().encode()


def base64_of(value):
    return base64.b64encode(value)


def base64url_of(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def base64_of_hex(value):
    return base64.b64encode(value.hex().encode())


def from_hex(secret):
    return bytes.fromhex(secret.decode())


def from_base64(secret):
    return base64.b64decode(secret + b"=" * (-len(secret) % 4))


def from_base64url(secret):
    return base64.urlsafe_b64decode(secret + b"=" * (-len(secret) % 4))


def mac(algorithm, key, data):
    return hmac.new(key, data, algorithm).digest()
