def sha256_of(value)
  Digest::SHA256.digest(value)
end


def sha384_of(value)
  Digest::SHA384.digest(value)
end


def sha512_of(value)
  Digest::SHA512.digest(value)
end


def sha1_of(value)
  Digest::SHA1.digest(value)
end


def md5_of(value)
  Digest::MD5.digest(value)
end


def hex_of(value)
  value.unpack1('H*')
end


def hex_upper(value)
  hex_of(value).upcase
end


def base64_of(value)
  [value].pack('m0')
end


def base64url_of(value)
  base64_of(value).tr('+/', '-_').delete('=')
end


def base64_of_hex(value)
  base64_of(hex_of(value))
end


def from_hex(secret)
  [secret].pack('H*')
end


def from_base64(secret)
  secret.unpack1('m')
end


def from_base64url(secret)
  secret.tr('-_', '+/').unpack1('m')
end


def mac(hash, key, data)
  OpenSSL::HMAC.digest(hash.upcase, key, data)
end
