sub sha256_of { my ($value) = @_; return Digest::SHA::sha256($value) }


sub sha384_of { my ($value) = @_; return Digest::SHA::sha384($value) }


sub sha512_of { my ($value) = @_; return Digest::SHA::sha512($value) }


sub sha1_of { my ($value) = @_; return Digest::SHA::sha1($value) }


sub md5_of { my ($value) = @_; return Digest::MD5::md5($value) }


sub hex_of { my ($value) = @_; return unpack 'H*', $value }


sub hex_upper { my ($value) = @_; return uc hex_of($value) }


sub base64_of { my ($value) = @_; return MIME::Base64::encode_base64($value, '') }


sub base64url_of { my ($value) = @_; return base64_of($value) =~ tr{+/}{-_}r =~ tr/=//dr }


sub base64_of_hex { my ($value) = @_; return base64_of(hex_of($value)) }


sub from_hex { my ($secret) = @_; return pack 'H*', $secret }


sub from_base64 { my ($secret) = @_; return MIME::Base64::decode_base64($secret) }


sub from_base64url { my ($secret) = @_; return MIME::Base64::decode_base64($secret =~ tr{-_}{+/}r . '=' x (-length($secret) % 4)) }


my %macs = (sha1 => \&Digest::SHA::hmac_sha1, sha256 => \&Digest::SHA::hmac_sha256, sha384 => \&Digest::SHA::hmac_sha384, sha512 => \&Digest::SHA::hmac_sha512);


sub mac { my ($hash, $key, $data) = @_; return $macs{$hash}->($data, $key) }
